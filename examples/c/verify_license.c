/* Verifies the license of this device from the vendor's root down, without believing the agent: issuer certificate,
 * token, the vendor's terms, and the device key's answer to a nonce. The root and its spare are compiled in, since a file
 * on the device may be anybody's: they are the "x" of "root" and of "spare" in vendor-roots.json. Where the vendor
 * replaced them before, VENDOR_ROOT_VERSION is one more than there are roots in its "previous".
 * How long a token lives is held against what was sold; that expireTime follows from activation, validity and renewals
 * is left to the agent, and to LicenseClient.verify of the Node package.
 *
 *     cc -DVENDOR_ROOT_X='"…"' -DVENDOR_SPARE_X='"…"' -o verify_license verify_license.c -lcrypto -lcjson
 *     verify_license [APP_ID]
 */
#include <cjson/cJSON.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#ifndef AGENT_SOCKET
#define AGENT_SOCKET "/run/license-agent/agent.sock"
#endif
#if !defined VENDOR_ROOT_X || !defined VENDOR_SPARE_X
#error "compile the vendor's root and spare in: -DVENDOR_ROOT_X='\"...\"' -DVENDOR_SPARE_X='\"...\"'"
#endif
#ifndef VENDOR_ROOT_VERSION
#define VENDOR_ROOT_VERSION 1
#endif

enum { MOST_BYTES = 8192, MOST_ANSWER = 262144, KEY_BYTES = 32, SIGNATURE_BYTES = 64, X_LENGTH = 43, MOST_ROOTS = 9, DAY = 86400 };

/* The "x" of the vendor's root, and of those that took its place. */
static char roots[MOST_ROOTS][X_LENGTH + 1];
/* When another took the place of each but the last: what it signed later counts no more. */
static double replaced_at[MOST_ROOTS];
static int root_count;

static void refuse(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    printf("refused: ");
    vprintf(format, arguments);
    printf("\n");
    va_end(arguments);
    exit(5);
}

static const char ALPHABET[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* base64url without padding (RFC 7515), in its one spelling; the number of bytes, or -1. */
static int decode(const char *text, size_t length, unsigned char *bytes, int most) {
    int count = 0;
    unsigned bits = 0, held = 0;
    if (length % 4 == 1) return -1;
    for (size_t at = 0; at < length; at += 1) {
        const char *place = text[at] == '\0' ? NULL : strchr(ALPHABET, text[at]);
        if (place == NULL) return -1;
        held = held << 6 | (unsigned)(place - ALPHABET);
        bits += 6;
        if (bits < 8) continue;
        bits -= 8;
        if (count >= most) return -1;
        bytes[count++] = (unsigned char)(held >> bits & 0xff);
    }
    /* Bits that nobody reads must be zero: several spellings of one signature would be several tokens. */
    return (held & ((1u << bits) - 1)) == 0 ? count : -1;
}

static void encode(const unsigned char *bytes, int count, char *text) {
    unsigned held = 0, bits = 0;
    for (int at = 0; at < count; at += 1) {
        held = held << 8 | bytes[at];
        for (bits += 8; bits >= 6; bits -= 6) *text++ = ALPHABET[held >> (bits - 6) & 63];
    }
    if (bits > 0) *text++ = ALPHABET[held << (6 - bits) & 63];
    *text = '\0';
}

/* RFC 7638, of an Ed25519 key. */
static void thumbprint(const char *x, char *text) {
    char canonical[128];
    unsigned char digest[32];
    snprintf(canonical, sizeof canonical, "{\"crv\":\"Ed25519\",\"kty\":\"OKP\",\"x\":\"%s\"}", x);
    EVP_Digest(canonical, strlen(canonical), digest, NULL, EVP_sha256(), NULL);
    encode(digest, sizeof digest, text);
}

static const char *text_of(const cJSON *object, const char *name) {
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
    if (text == NULL) refuse("%s is missing", name);
    return text;
}

static double number_of(const cJSON *object, const char *name) {
    const cJSON *number = cJSON_GetObjectItemCaseSensitive(object, name);
    if (!cJSON_IsNumber(number)) refuse("%s is missing", name);
    return number->valuedouble;
}

static const cJSON *member(const cJSON *object, const char *name) {
    const cJSON *found = cJSON_GetObjectItemCaseSensitive(object, name);
    if (found == NULL) refuse("%s is missing", name);
    return found;
}

/* A part of a compact JWS as JSON. */
static cJSON *part(const char *text, size_t length, const char *typ) {
    unsigned char bytes[MOST_BYTES];
    int count = decode(text, length, bytes, sizeof bytes);
    cJSON *json = count < 0 ? NULL : cJSON_ParseWithLength((const char *)bytes, (size_t)count);
    if (!cJSON_IsObject(json)) refuse("%s: not canonical", typ);
    return json;
}

/* The claims of a compact JWS, not verified. */
static cJSON *claims_of(const char *compact, const char *typ) {
    const char *first = strchr(compact, '.');
    const char *second = first == NULL ? NULL : strchr(first + 1, '.');
    if (second == NULL) refuse("%s: not a compact JWS", typ);
    return part(first + 1, (size_t)(second - first - 1), typ);
}

/* The claims of a compact JWS (RFC 7515) of one type, signed with EdDSA (RFC 8037) by this key. */
static cJSON *verify(const char *compact, const char *typ, const char *x) {
    char kid[64];
    unsigned char key[KEY_BYTES], signature[SIGNATURE_BYTES];
    const char *first = strchr(compact, '.');
    const char *second = first == NULL ? NULL : strchr(first + 1, '.');
    if (second == NULL || strlen(compact) > MOST_BYTES) refuse("%s: not a compact JWS", typ);

    cJSON *header = part(compact, (size_t)(first - compact), typ);
    thumbprint(x, kid);
    if (cJSON_GetArraySize(header) != 3 || strcmp(text_of(header, "alg"), "EdDSA") != 0 ||
        strcmp(text_of(header, "typ"), typ) != 0 || strcmp(text_of(header, "kid"), kid) != 0)
        refuse("%s: another header", typ);
    cJSON_Delete(header);

    if (decode(x, strlen(x), key, sizeof key) != KEY_BYTES) refuse("%s: not a key", typ);
    if (decode(second + 1, strlen(second + 1), signature, sizeof signature) != SIGNATURE_BYTES)
        refuse("%s: not a signature", typ);
    EVP_PKEY *public_key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, key, sizeof key);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    int good = public_key != NULL && context != NULL &&
               EVP_DigestVerifyInit(context, NULL, NULL, NULL, public_key) == 1 &&
               EVP_DigestVerify(context, signature, sizeof signature, (const unsigned char *)compact,
                                (size_t)(second - compact)) == 1;
    EVP_MD_CTX_free(context);
    EVP_PKEY_free(public_key);
    if (!good) refuse("%s: the signature is wrong", typ);
    return claims_of(compact, typ);
}

/* The claims of a document that one of the vendor's roots signed. */
static cJSON *verify_by_root(const char *compact, const char *typ) {
    char kid[64];
    const char *end = strchr(compact, '.');
    if (end == NULL || strlen(compact) > MOST_BYTES) refuse("%s: not a compact JWS", typ);
    cJSON *header = part(compact, (size_t)(end - compact), typ);
    for (int each = 0; each < root_count; each += 1) {
        thumbprint(roots[each], kid);
        if (strcmp(kid, text_of(header, "kid")) != 0) continue;
        cJSON_Delete(header);
        cJSON *claims = verify(compact, typ, roots[each]);
        if (each < root_count - 1 && number_of(claims, "iat") > replaced_at[each])
            refuse("%s: signed by a root that was replaced before", typ);
        return claims;
    }
    refuse("%s: no root of this vendor signed it", typ);
    return NULL;
}

static const char *x_of(const cJSON *jwk) {
    const char *x = text_of(jwk, "x");
    if (strlen(x) != X_LENGTH) refuse("not a key");
    return x;
}

/* Follows the vendor's roots from the one that is compiled in: each next one is signed by root and spare before it. */
static void follow_roots(const cJSON *chain) {
    char spare[X_LENGTH + 1] = VENDOR_SPARE_X;
    snprintf(roots[root_count++], sizeof roots[0], "%s", VENDOR_ROOT_X);
    for (int version = VENDOR_ROOT_VERSION + 1; version - 2 < cJSON_GetArraySize(chain); version += 1) {
        const cJSON *link = cJSON_GetArrayItem(chain, version - 2);
        cJSON *claims = verify(text_of(link, "root"), "license-root+jwt", roots[root_count - 1]);
        cJSON *again = verify(text_of(link, "spare"), "license-root+jwt", spare);
        if (!cJSON_Compare(claims, again, 1)) refuse("the halves of a succession differ");
        if (number_of(claims, "version") != version || root_count == MOST_ROOTS) refuse("a succession is missing");
        replaced_at[root_count - 1] = number_of(claims, "iat");
        snprintf(roots[root_count++], sizeof roots[0], "%s", x_of(member(claims, "root")));
        snprintf(spare, sizeof spare, "%s", x_of(member(claims, "spare")));
        cJSON_Delete(claims);
        cJSON_Delete(again);
    }
}

static void same(const cJSON *one, const cJSON *other, const char *name) {
    if (!cJSON_Compare(member(one, name), member(other, name), 1)) refuse("%s does not agree", name);
}

/* A token may not live longer than was sold. Account licenses follow the person: a week, and a day of grace. */
static void require_time(const cJSON *line, const cJSON *token) {
    int is_account = strcmp(text_of(token, "category"), "account") == 0;
    double life = number_of(line, "tokenLifeSeconds"), grace = number_of(line, "graceSeconds");
    if (is_account && life > 7 * DAY) life = 7 * DAY;
    if (is_account && grace > DAY) grace = DAY;
    if (number_of(token, "exp") > number_of(token, "iat") + life) refuse("it lives longer than was sold");
    if (number_of(token, "graceSeconds") > grace ||
        number_of(token, "expiryGraceSeconds") > number_of(line, "expiryGraceSeconds"))
        refuse("its grace is longer than was sold");
}

/* The vendor's line that the token says it was sold under. */
static void require_terms(const cJSON *terms, const cJSON *token) {
    const cJSON *each;
    cJSON_ArrayForEach(each, terms) {
        if (!cJSON_IsString(each)) refuse("terms are no documents");
        cJSON *line = verify_by_root(each->valuestring, "license-terms+jwt");
        int is_it = strcmp(text_of(line, "termsId"), text_of(token, "termsId")) == 0;
        if (is_it) {
            const cJSON *app = cJSON_GetObjectItemCaseSensitive(line, "appId");
            if (strcmp(text_of(line, "kind"), "purchase") != 0) refuse("it was sold as a renewal");
            same(line, token, "cid");
            same(line, token, "pid");
            same(line, token, "category");
            same(line, token, "sku");
            if (app != NULL) same(line, token, "appId");
            require_time(line, token);
        }
        cJSON_Delete(line);
        if (is_it) return;
    }
    refuse("the vendor sold no such license");
}

/* One POST to the agent; the JSON of its answer. */
static cJSON *post(const char *path, const char *body) {
    static char answer[MOST_ANSWER];
    char head[512];
    size_t length = 0;
    ssize_t got;
    const char *place = getenv("AGENT_SOCKET");
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s", place ? place : AGENT_SOCKET);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) != 0) refuse("the agent is down");
    snprintf(head, sizeof head,
             "POST %s HTTP/1.0\r\nHost: agent\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n",
             path, strlen(body));
    if (write(fd, head, strlen(head)) < 0 || write(fd, body, strlen(body)) < 0) refuse("the agent is down");
    while (length < sizeof answer - 1 && (got = read(fd, answer + length, sizeof answer - 1 - length)) > 0)
        length += (size_t)got;
    close(fd);
    answer[length] = '\0';
    const char *text = strstr(answer, "\r\n\r\n");
    if (strstr(answer, " 200 ") == NULL || text == NULL) refuse("the agent says: %s", text ? text + 4 : answer);
    return cJSON_Parse(text + 4);
}

int main(int argc, char **argv) {
    unsigned char random[24];
    char nonce[64], body[128], jkt[64];
    if (RAND_bytes(random, sizeof random) != 1) refuse("no random numbers");
    encode(random, sizeof random, nonce);
    snprintf(body, sizeof body, "{\"nonce\":\"%s\"}", nonce);
    cJSON *answer = post("/v1/proof", body);

    follow_roots(cJSON_GetObjectItemCaseSensitive(answer, "rootSuccession"));
    cJSON *certificate = verify_by_root(text_of(answer, "issuerCertificate"), "license-issuer+jwt");
    const char *server_x = text_of(member(member(certificate, "cnf"), "jwk"), "x");
    cJSON *token = verify(text_of(answer, "document"), "license-token+jwt", server_x);
    if (strcmp(text_of(certificate, "sub"), text_of(token, "iss")) != 0) refuse("another issuer");
    same(certificate, token, "cid");
    if (number_of(token, "iat") < number_of(certificate, "nbf") ||
        number_of(token, "iat") > number_of(certificate, "exp"))
        refuse("the certificate was not valid then");
    if (argc > 1 && strcmp(argv[1], text_of(token, "appId")) != 0) refuse("the license is for another App");
    require_terms(member(answer, "terms"), token);

    const char *compact = text_of(answer, "proof");
    cJSON *unverified = claims_of(compact, "license-proof+jwt");
    const char *device_x = text_of(member(unverified, "jwk"), "x");
    thumbprint(device_x, jkt);
    if (strcmp(jkt, text_of(member(token, "cnf"), "jkt")) != 0) refuse("another device answers");
    cJSON *proof = verify(compact, "license-proof+jwt", device_x);
    if (strcmp(text_of(proof, "nonce"), nonce) != 0) refuse("an old answer");
    if (strcmp(text_of(proof, "token"), text_of(token, "jti")) != 0) refuse("the proof is of another token");

    double grace_end = number_of(token, "exp") + number_of(token, "graceSeconds");
    double end = grace_end < number_of(token, "expireTime")
                     ? grace_end
                     : number_of(token, "expireTime") + number_of(token, "expiryGraceSeconds");
    if ((double)time(NULL) >= end) refuse("the license ended");
    printf("license %s of %s, usable until %.0f\n", text_of(token, "license"), text_of(token, "licenseKey"), end);
    return 0;
}
