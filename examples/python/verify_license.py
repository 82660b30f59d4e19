"""Verifies the license of this device from the vendor's root down, without believing the agent.

    python3 verify_license.py [--socket PATH] vendor-roots.json [APP_ID]

How long a token lives is held against what was sold; that expireTime follows from activation, validity and renewals is
left to the agent, and to LicenseClient.verify of the Node package.

Needs the package `cryptography`. An application compiles the root in: a file on the device may be anybody's.
"""

import base64
import hashlib
import json
import secrets
import sys
import time

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from license_agent import SOCKET, ask


DAY = 86_400
WHATEVER = 100 * 366 * DAY


class Refused(Exception):
    """Why a license is not believed."""


def decode(text: str) -> bytes:
    """base64url without padding, in its one spelling: another one of the same bytes is refused."""
    data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if base64.urlsafe_b64encode(data).rstrip(b"=").decode() != text:
        raise Refused("not canonical base64url")
    return data


def verify_document(compact: str, typ: str, *jwks: dict) -> dict:
    """The claims of a compact JWS (RFC 7515) of one type, signed with EdDSA by one of these keys (RFC 8037)."""
    if len(compact) > 8192 or compact.count(".") != 2:
        raise Refused(f"{typ}: not a compact JWS")
    header_text, claims_text, signature_text = compact.split(".")
    header = json.loads(decode(header_text))
    jwk = next((each for each in jwks if header == {"alg": "EdDSA", "typ": typ, "kid": thumbprint(each)}), None)
    if jwk is None:
        raise Refused(f"{typ}: header {header}")
    key = Ed25519PublicKey.from_public_bytes(decode(jwk["x"]))
    try:
        key.verify(decode(signature_text), f"{header_text}.{claims_text}".encode())
    except InvalidSignature:
        raise Refused(f"{typ}: the signature is wrong") from None
    claims = json.loads(decode(claims_text))
    if "replacedAt" in jwk:
        demand(claims["iat"] <= jwk["replacedAt"], f"{typ}: signed by a root that was replaced before")
    return claims


def thumbprint(jwk: dict) -> str:
    """RFC 7638."""
    canonical = json.dumps({"crv": jwk["crv"], "kty": jwk["kty"], "x": jwk["x"]}, separators=(",", ":"))
    return base64.urlsafe_b64encode(hashlib.sha256(canonical.encode()).digest()).rstrip(b"=").decode()


def demand(condition: bool, problem: str) -> None:
    if not condition:
        raise Refused(problem)


def known_roots(pinned: dict, chain: list) -> list:
    """The roots before the pinned one, that one, and those that took its place: each signed by root and spare before it.

    What a root signed after it was replaced counts no more.
    """
    root, spare = pinned["root"], pinned["spare"]
    replaced = [json.loads(decode(link["root"].split(".")[1]))["iat"] for link in pinned.get("rootSuccession", [])]
    roots = [{**jwk, "replacedAt": at} for jwk, at in zip(pinned.get("previous", []), replaced)] + [root]
    for link in chain[len(roots) - 1 :]:
        claims = verify_document(link["root"], "license-root+jwt", root)
        demand(claims == verify_document(link["spare"], "license-root+jwt", spare), "the halves of a succession differ")
        demand(claims["version"] == len(roots) + 1, "a succession is missing")
        roots[-1] = {**root, "replacedAt": claims["iat"]}
        root, spare = claims["root"], claims["spare"]
        roots.append(root)
    return roots


def verify_license(answer: dict, nonce: str, pinned: dict, app_id: str | None, now: float) -> dict:
    """Root -> certificate -> token -> the vendor's terms -> the device key's answer to the nonce."""
    roots = known_roots(pinned, answer.get("rootSuccession", []))
    certificate = verify_document(answer["issuerCertificate"], "license-issuer+jwt", *roots)
    token = verify_document(answer["document"], "license-token+jwt", certificate["cnf"]["jwk"])
    demand(certificate["sub"] == token["iss"] and certificate["cid"] == token["cid"], "another issuer")
    demand(certificate["nbf"] <= token["iat"] <= certificate["exp"], "the certificate was not valid then")
    demand(app_id is None or token["appId"] == app_id, "the license is for another App")

    terms = [verify_document(each, "license-terms+jwt", *roots) for each in answer["terms"]]
    purchase = next((line for line in terms if line["termsId"] == token["termsId"]), None)
    demand(purchase is not None and purchase["kind"] == "purchase", "the vendor sold no such license")
    same = ("cid", "pid", "category", "sku")
    demand(all(purchase[name] == token[name] for name in same), "the license says more than was sold")
    demand(purchase.get("appId") in (None, token["appId"]), "it was sold for another App")
    # Account licenses follow the person: a week, and a day of grace.
    life, grace = (7 * DAY, DAY) if token["category"] == "account" else (WHATEVER, WHATEVER)
    demand(token["exp"] <= token["iat"] + min(purchase["tokenLifeSeconds"], life), "it lives longer than was sold")
    demand(token["graceSeconds"] <= min(purchase["graceSeconds"], grace), "its grace is longer than was sold")
    demand(token["expiryGraceSeconds"] <= purchase["expiryGraceSeconds"], "its grace is longer than was sold")

    # The proof carries the device key; that it is the one of the token is what its thumbprint says.
    claims = json.loads(decode(answer["proof"].split(".")[1]))
    demand(thumbprint(claims["jwk"]) == token["cnf"]["jkt"], "another device answers")
    proof = verify_document(answer["proof"], "license-proof+jwt", claims["jwk"])
    demand(proof["nonce"] == nonce and proof["token"] == token["jti"], "an old answer")

    grace_end = token["exp"] + token["graceSeconds"]
    end = grace_end if grace_end < token["expireTime"] else token["expireTime"] + token["expiryGraceSeconds"]
    demand(now < end, "the license ended")
    return {**token, "usableUntil": end}


def main(arguments: list[str]) -> int:
    path = SOCKET
    if arguments[:1] == ["--socket"]:
        path, arguments = arguments[1], arguments[2:]
    if not arguments:
        print(__doc__, file=sys.stderr)
        return 2
    with open(arguments[0], encoding="utf-8") as file:
        pinned = json.load(file)
    nonce = secrets.token_urlsafe(24)
    try:
        answer = ask("POST", "/v1/proof", {"nonce": nonce}, path)
        app_id = arguments[1] if len(arguments) > 1 else None
        license = verify_license(answer, nonce, pinned, app_id, time.time())
    except (Refused, RuntimeError) as refused:
        print(f"refused: {refused}")
        return 5
    print(f"license {license['license']} of {license['licenseKey']}, usable until {license['usableUntil']}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
