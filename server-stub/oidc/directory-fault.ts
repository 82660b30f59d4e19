import { LicenseError } from '#core/errors.ts';
import { asQuoted, codeOf, reasonOf } from '#core/host/reason.ts';

/** What the directory says no with, as openid-client tells it. */
const REFUSALS: readonly (string | undefined)[] = [
  'OAUTH_AUTHORIZATION_RESPONSE_ERROR',
  'OAUTH_RESPONSE_BODY_ERROR',
  'OAUTH_WWW_AUTHENTICATE_CHALLENGE',
];
/** What tells that no answer came, or none of a directory: a proxy's page of a fault, say. */
const SILENCE: readonly (string | undefined)[] = [
  'OAUTH_TIMEOUT',
  'OAUTH_ABORT',
  'OAUTH_RESPONSE_IS_NOT_CONFORM',
  'OAUTH_RESPONSE_IS_NOT_JSON',
  'OAUTH_PARSE_ERROR',
];

/**
 * What went wrong with a directory, in our words. The fault itself is no cause to log: codes and tokens stand in it.
 */
export function directoryFault(thrown: unknown): LicenseError {
  if (thrown instanceof LicenseError) return thrown;
  const code = codeOf(thrown);
  if (REFUSALS.includes(code))
    return new LicenseError('oidc_refused', { problem: asQuoted(errorOf(thrown)) });
  if (SILENCE.includes(code))
    return new LicenseError('oidc_unreachable', { problem: asQuoted(messageOf(thrown)) });
  // fetch(): `TypeError: fetch failed`, and why beneath it.
  if (code === undefined && thrown instanceof TypeError)
    return new LicenseError('oidc_unreachable', { problem: reasonOf(thrown.cause ?? thrown) });
  return new LicenseError('oidc_invalid', { problem: asQuoted(messageOf(thrown)) });
}

/** RFC 6749 §4.1.2.1: a code of few characters, which comes from outside. */
function errorOf(thrown: unknown): string {
  const { error } = thrown as { error?: unknown };
  return typeof error === 'string' && /^[\w.-]{1,64}$/.test(error) ? error : 'error';
}

/** The library's own words, which name what was expected and not what came. */
const messageOf = (thrown: unknown) => (thrown instanceof Error ? thrown.message : 'fault');
