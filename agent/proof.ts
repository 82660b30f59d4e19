import { licenseProofDocument } from '#core/documents/license-proof.ts';
import { LicenseError } from '#core/errors.ts';
import { isUsable, type State } from '#core/evaluate.ts';
import type { ProofAnswer } from './client/local-answers.ts';
import type { Licenses } from './licenses.ts';

/**
 * The held token with the device key's signature over a nonce, for applications that distrust their surroundings.
 * Source: protocol, Applications.
 *
 * @throws the state where the license may not be used
 */
export async function prove(licenses: Licenses, licenseKey: string, nonce: string): Promise<ProofAnswer> {
  const { verdict, held, time } = await licenses.verdict(licenseKey);
  const { token, answer } = held;
  if (!isUsable(verdict.state) || token === undefined || answer === undefined) {
    if (held.fault !== undefined) throw held.fault;
    throw new LicenseError(refusalOf(verdict.state));
  }
  const { key } = licenses.device;
  const claims = { nonce, iat: time.now, licenseKey, token: token.jti, jwk: key.jwk };
  const rootSuccession = licenses.enrolled?.roots.rootSuccession ?? [];
  return {
    proof: await licenseProofDocument.sign(claims, key),
    ...JSON.parse(answer),
    ...(rootSuccession.length > 0 && { rootSuccession }),
  };
}

function refusalOf(state: State) {
  return state === 'active' || state === 'grace' || state === 'invalid' ? 'unlicensed' : state;
}
