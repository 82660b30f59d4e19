import { parseLicenseRequest, verifyLicenseRequest } from '#core/documents/license-request.ts';
import { type Bilingual, LicenseError } from '#core/errors.ts';
import type { Issuer } from './issuer.ts';
import type { Recogniser } from './recogniser.ts';
import type { DeviceRequest } from './request-facts.ts';

const REQUEST: Bilingual = { en: 'request', zh: '请求' };

/**
 * A request as it came, by whatever road, proven to be of the device key that it carries. Strangers are turned away
 * before any signature work. Source: protocol, Identity, "Enrollment proof".
 *
 * @param from where it came from, for the audit trail
 * @throws `document_malformed`, `document_too_large`, `document_wrong_type`, `key_malformed`, `issuer_mismatch`,
 * `enrollment_rejected`, `signature_invalid`
 */
export async function admitRequest(
  { serverId }: Issuer,
  recogniser: Recogniser,
  compact: unknown,
  from: string,
): Promise<DeviceRequest> {
  const parsed = parseLicenseRequest(compact);
  const { aud } = parsed.claims;
  if (aud !== serverId)
    throw new LicenseError('issuer_mismatch', { where: REQUEST, expected: serverId, actual: aud });
  await recogniser.admit(parsed);
  return { claims: await verifyLicenseRequest(parsed), jkt: parsed.jkt, from };
}
