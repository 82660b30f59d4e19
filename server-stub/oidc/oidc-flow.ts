import { createHash, timingSafeEqual } from 'node:crypto';
import * as Type from 'typebox';
import type { EpochSeconds } from '#core/clock.ts';
import { LicenseError } from '#core/errors.ts';
import { shapeProblem } from '#core/shapes.ts';

/** How long a person may take at the directory, in seconds. */
export const FLOW_SECONDS = 600;

const Secret = Type.String({ pattern: '^[A-Za-z0-9_-]{43}$' });
const OidcFlow = Type.Object({
  state: Secret,
  nonce: Secret,
  verifier: Secret,
  begunAt: Type.Integer(),
});
/**
 * A sign-in that is under way at the directory. The browser that began it keeps it, in a cookie that no script reads and
 * no other host sets: all three secrets protect who sits there, so nobody gains by changing their own.
 */
export type OidcFlow = Type.Static<typeof OidcFlow>;

/** The cookie's value. */
export function flowToCookie(flow: OidcFlow): string {
  return Buffer.from(JSON.stringify(flow)).toString('base64url');
}

/**
 * The sign-in that an answer belongs to: begun in this browser (RFC 6749 §10.12, against signing somebody in as the
 * attacker), and not long ago.
 *
 * @throws `oidc_ended`
 */
export function requireFlow(cookie: string | undefined, state: string | null, now: EpochSeconds): OidcFlow {
  const flow = cookie === undefined ? undefined : flowOf(cookie);
  if (
    flow === undefined ||
    state === null ||
    !isSame(flow.state, state) ||
    now >= flow.begunAt + FLOW_SECONDS
  )
    throw new LicenseError('oidc_ended');
  return flow;
}

function flowOf(cookie: string): OidcFlow | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(cookie, 'base64url').toString('utf8'));
    return shapeProblem(OidcFlow, value) === undefined ? (value as OidcFlow) : undefined;
  } catch {
    return undefined;
  }
}

/** In the same time wherever they differ. */
function isSame(one: string, other: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(one), digest(other));
}
