import type { EpochSeconds } from '#core/clock.ts';
import { type Application, applicationDocument } from '#core/documents/application.ts';
import { newId } from '#core/ids.ts';
import type { Issuer } from './issuer.ts';

/** What a company applies for; see {@link Application}. */
export type ApplicationWish = Pick<Application, 'cid' | 'name' | 'items' | 'apps' | 'preallocation'>;

/**
 * Makes the signed application (申请) that the vendor answers with a certificate for this server's key and a
 * grant. Nothing is stored: the vendor's files bring everything back.
 *
 * @throws `document_malformed`, `document_too_large`
 */
export async function apply(
  { serverId, key }: Issuer,
  wish: ApplicationWish,
  now: EpochSeconds,
): Promise<{ application: Application; document: string }> {
  const application: Application = {
    applicationId: newId(),
    iss: serverId,
    iat: now,
    cnf: { jwk: key.jwk },
    ...wish,
  };
  return { application, document: await applicationDocument.sign(application, key) };
}
