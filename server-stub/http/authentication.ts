import { timingSafeEqual } from 'node:crypto';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { LicenseError } from '#core/errors.ts';
import { findCredential, hashSecret, type Scope } from '../licensing/credentials.ts';
import type { CredentialTable } from '../store/schema.ts';
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
/** Pairs remembered at most; strangers' names must not fill the memory. */
const REMEMBERED = 10_000;

/**
 * HTTP Basic authentication (RFC 7617) for every route of the scope, before anything else is looked at. Source:
 * contract, Common "Auth".
 */
export function requireCredentials(scope: FastifyInstance, { store }: Pick<Services, 'store'>): void {
  const remembered = new Map<string, { credential: CredentialTable | undefined; until: number }>();

  async function credentialOf(customerId: string): Promise<CredentialTable | undefined> {
    const now = performance.now();
    const known = remembered.get(customerId);
    if (known !== undefined && now < known.until) return known.credential;
    const credential = await findCredential(store.reader, customerId);
    if (remembered.size >= REMEMBERED) remembered.clear();
    remembered.set(customerId, { credential, until: now + BELIEVED_MS });
    return credential;
  }

  scope.decorateRequest('caller', undefined);
  scope.addHook('onRequest', async (request) => {
    const { customerId, secret } = basicCredentials(request);
    const credential = await credentialOf(customerId);
    // A stranger's secret is hashed and compared too, so that the time tells nothing about names.
    const expected = Buffer.from(credential?.secret_hash ?? '0'.repeat(64));
    const matches = timingSafeEqual(Buffer.from(hashSecret(secret)), expected);
    if (credential === undefined || !matches) throw new LicenseError('unauthorized');
    request.caller = { cid: credential.cid, customerId, scope: credential.scope };
  });
}

/** The caller of an authenticated route. */
export function callerOf(request: FastifyRequest): Caller {
  if (request.caller === undefined) throw new LicenseError('unauthorized');
  return request.caller;
}

function basicCredentials({ headers }: FastifyRequest): { customerId: string; secret: string } {
  const [, encoded] = /^basic +([A-Za-z0-9+/=_-]+) *$/i.exec(headers.authorization ?? '') ?? [];
  if (encoded === undefined) throw new LicenseError('unauthorized');
  const decoded = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = decoded.indexOf(':');
  if (colon < 0) throw new LicenseError('unauthorized');
  return { customerId: decoded.slice(0, colon), secret: decoded.slice(colon + 1) };
}
