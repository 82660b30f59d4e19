import cookie from '@fastify/cookie';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { LicenseError } from '#core/errors.ts';
import { includesRole, type Role } from '../../users/role.ts';
import { noteSeen, sessionUser } from '../../users/sessions.ts';
import { type User, userOf } from '../../users/users.ts';
import type { Services } from '../services.ts';

declare module 'fastify' {
  interface FastifyRequest {
    user: User | undefined;
  }
  interface FastifyContextConfig {
    /** The least role that may make a call of the Console; `nobody` needs to be signed in. */
    role?: Role | 'nobody';
    /** Whether it may be made before the password of the administrator was changed. */
    beforePassword?: boolean;
  }
}

/** `__Host-` (RFC 6265bis §4.1.3.2): sent to this host alone, over TLS alone, whatever other hosts say. */
export const SESSION_COOKIE = '__Host-license-console';

/** Of what a person types; files have routes of their own. */
const BODY_LIMIT = 262_144;

/**
 * What holds for every call of the Console's pages, in this order: from a page of ours, by somebody who is signed in,
 * whose role may do it. A route that names no role is for administrators alone.
 */
export async function consoleScope(scope: FastifyInstance, { store, clock, log }: Services): Promise<void> {
  await scope.register(cookie);
  scope.decorateRequest('user', undefined);
  scope.addHook('onRoute', (route) => {
    route.bodyLimit ??= BODY_LIMIT;
  });

  scope.addHook('onRequest', async (request, reply) => {
    reply.header('cache-control', 'no-store');
    if (!isReading(request)) requireOwnPage(request);
    const { role: least = 'admin', beforePassword = false } = request.routeOptions.config;
    const user = await signedIn(request);
    if (least === 'nobody') return;
    if (user === undefined) throw new LicenseError('session_ended');
    if (user.mustChangePassword && !beforePassword) throw new LicenseError('password_change_required');
    if (!includesRole(user.role, least))
      throw new LicenseError('role_insufficient', { role: user.role, least });
  });

  // A browser would ask for a name and password by itself.
  scope.addHook('onSend', async (_request, reply) => {
    reply.removeHeader('www-authenticate');
  });

  async function signedIn(request: FastifyRequest): Promise<User | undefined> {
    const token = request.cookies[SESSION_COOKIE];
    if (token === undefined) return undefined;
    const now = clock.now();
    const session = await sessionUser(store.reader, token, now);
    if (session === undefined) return undefined;
    if (session.isStale)
      await store
        .write(now, ({ db }) => noteSeen(db, token, now))
        .catch((err: unknown) => log.warn({ err }, 'the use of a session was not noted'));
    request.user = userOf(session.user);
    return request.user;
  }
}

/** Who makes the call; of a route that takes somebody. @throws `session_ended` */
export function userOfCall({ user }: FastifyRequest): User {
  if (user === undefined) throw new LicenseError('session_ended');
  return user;
}

const isReading = ({ method }: FastifyRequest) => method === 'GET' || method === 'HEAD';

/**
 * Beside `SameSite=Strict`, which a sister host of the same domain passes: a change is asked for by our own pages alone
 * (Fetch Metadata; RFC 6454 §7 for browsers without).
 */
function requireOwnPage({ headers, host }: FastifyRequest): void {
  const site = headers['sec-fetch-site'];
  if (site === 'same-origin') return;
  if (site === undefined && headers.origin !== undefined && hostOf(headers.origin) === host) return;
  throw new LicenseError('origin_refused');
}

function hostOf(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined;
}
