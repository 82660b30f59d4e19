import type { EpochSeconds } from '#core/clock.ts';
import { type Answer, verifyAnswer } from '#core/documents/answer.ts';
import { verifyLicenseProof } from '#core/documents/license-proof.ts';
import { type LicenseToken, licenseTokenDocument } from '#core/documents/license-token.ts';
import { adoptSuccession } from '#core/documents/root-succession.ts';
import type { PurchaseTerms } from '#core/documents/terms.ts';
import { parseVendorRoots } from '#core/documents/vendor-roots.ts';
import { LicenseError } from '#core/errors.ts';
import { usableUntil } from '#core/evaluate.ts';
import type { ProofAnswer } from './local-answers.ts';

export interface VerifyLicenseOptions {
  /** Text of vendor-roots.json, compiled into the application: a file of the device may be anybody's. */
  readonly vendorRoots: string;
  /** Where the application is for one App alone. */
  readonly appId?: string | undefined;
  readonly now: EpochSeconds;
}

export interface VerifiedLicense {
  readonly token: LicenseToken;
  readonly terms: PurchaseTerms;
  /** Until when this token is good with no network. */
  readonly usableUntil: EpochSeconds;
}

/**
 * Verifies what the agent answered to a nonce, from the vendor's root down and without believing the agent: issuer
 * certificate, token, the vendor's terms, and the device key's signature over the nonce. Source: protocol,
 * Applications.
 *
 * @throws as verifyAnswer and verifyLicenseProof; `root_succession_invalid`; `answer_for_another_license` for another App, `expired`
 */
export async function verifyLicense(
  { proof, ...answer }: ProofAnswer,
  nonce: string,
  { vendorRoots, appId, now }: VerifyLicenseOptions,
): Promise<VerifiedLicense> {
  const pinned = parseVendorRoots(vendorRoots, 'vendorRoots');
  const { all } = await adoptSuccession(pinned, answer.rootSuccession ?? []);
  const verified = await verifyAnswer(answer, subjectOf(answer, appId), all);
  if (verified.kind !== 'token') throw new LicenseError('answer_unexpected');
  const { token, terms } = verified;
  await verifyLicenseProof(proof, token, nonce);
  const end = usableUntil(token);
  // No number is no time, either.
  if (!(now < end)) throw new LicenseError('expired');
  return { token, terms, usableUntil: end };
}

/** Whose the token says it is; that it is this device's is what the proof shows. */
function subjectOf({ document }: Answer, appId: string | undefined) {
  const { iss, cid, appId: named, pid, licenseKey, cnf } = licenseTokenDocument.parse(document).claims;
  return { serverId: iss, cid, appId: appId ?? named, pid, licenseKey, jkt: cnf.jkt };
}
