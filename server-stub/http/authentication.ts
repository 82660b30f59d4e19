import { timingSafeEqual } from 'node:crypto';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { LicenseError } from '#core/errors.ts';
import { findCredential, hashSecret, type Scope } from '../licensing/credentials.ts';
import type { Services } from './services.ts';

/** For whom a call of the OpenAPI is made. */
export interface Caller {
  readonly cid: string;
  readonly customerId: string;
  readonly scope: Scope;
}

declare module 'fastify' {
  interface FastifyRequest {
    caller: Caller | undefined;
  }
}

/** How long a pair is believed without asking the store, so that a revoked one ends everywhere within a second. */
const BELIEVED_MS = 1000;
/** Pairs believed at a time, at most. */
const REMEMBERED = 1000;

/**
 * HTTP Basic authentication (RFC 7617) for every route of the scope, before anything else is looked at. Source:
 * contract, Common "Auth".
 */
export function requireCredentials(scope: FastifyInstance, { store }: Pick<Services, 'store'>): void {
  /** By the header's text; only what was right is remembered. */
  const remembered = new Map<string, { caller: Caller; until: number }>();

  async function authenticate(header: string): Promise<Caller> {
    const { customerId, secret } = basicCredentials(header);
    const credential = await findCredential(store.reader, customerId);
    // A stranger's secret is hashed and compared too, so that the time tells nothing about names.
    const expected = Buffer.from(credential?.secret_hash ?? '0'.repeat(64));
    const matches = timingSafeEqual(Buffer.from(hashSecret(secret)), expected);
    if (credential === undefined || !matches) throw new LicenseError('unauthorized');
    return { cid: credential.cid, customerId, scope: credential.scope };
  }

  scope.decorateRequest('caller', undefined);
  scope.addHook('onRequest', async (request) => {
    const header = request.headers.authorization ?? '';
    const now = performance.now();
    const known = remembered.get(header);
    if (known !== undefined && now < known.until) {
      request.caller = known.caller;
      return;
    }
    const caller = await authenticate(header);
    if (remembered.size >= REMEMBERED) remembered.clear();
    remembered.set(header, { caller, until: now + BELIEVED_MS });
    request.caller = caller;
  });
}

/** The caller of an authenticated route. */
export function callerOf(request: FastifyRequest): Caller {
  if (request.caller === undefined) throw new LicenseError('unauthorized');
  return request.caller;
}

function basicCredentials(header: string): { customerId: string; secret: string } {
  const [, encoded] = /^basic +([A-Za-z0-9+/=_-]+) *$/i.exec(header) ?? [];
  if (encoded === undefined) throw new LicenseError('unauthorized');
  const decoded = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = decoded.indexOf(':');
  if (colon < 0) throw new LicenseError('unauthorized');
  return { customerId: decoded.slice(0, colon), secret: decoded.slice(colon + 1) };
}
