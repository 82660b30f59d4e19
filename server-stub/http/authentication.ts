import type { FastifyInstance, FastifyRequest } from 'fastify';
import { LicenseError } from '#core/errors.ts';
import type { Scope } from '../licensing/credentials.ts';
import { type Caller, recogniseCaller } from '../licensing/recognise-caller.ts';
import { FailedAttempts } from './failed-attempts.ts';
import { networkOf } from './remote-address.ts';
import type { Services } from './services.ts';

declare module 'fastify' {
  interface FastifyRequest {
    caller: Caller | undefined;
  }
  interface FastifyContextConfig {
    /** The least scope that may make the call; `full` where a route says nothing. */
    scope?: Scope;
  }
}

export interface CredentialRules {
  /** The one scope that is taken at all: on a listener where secrets travel in plain text. */
  only?: Scope;
}

/** How long a pair is believed without asking the store, so that a revoked one ends everywhere within a second. */
const BELIEVED_MS = 1000;
/** Pairs remembered at a time, at most. */
const REMEMBERED = 1000;

/**
 * HTTP Basic authentication (RFC 7617) for every route of the scope, before anything else is looked at; then whether
 * the pair may make the call: a route that says nothing is for scope `full` alone. Source: contract, Common "Auth";
 * design, Server "Credentials".
 */
export function requireCredentials(
  scope: FastifyInstance,
  { store, clock, credentialUse }: Pick<Services, 'store' | 'clock' | 'credentialUse'>,
  { only }: CredentialRules = {},
): void {
  /** By the header's text; only what was right. Past `until` it is asked for again. */
  const remembered = new Map<string, { caller: Caller; until: number }>();
  /** Those that are being asked for: a client that begins with many connections asks once. */
  const asked = new Map<string, Promise<Caller>>();
  const failedAttempts = new FailedAttempts();

  function authenticate(header: string, request: FastifyRequest): Promise<Caller> {
    const pending = asked.get(header) ?? verify(header, request).finally(() => asked.delete(header));
    asked.set(header, pending);
    return pending;
  }

  async function verify(header: string, request: FastifyRequest): Promise<Caller> {
    const wasRight = remembered.has(header);
    const { customerId, secret } = basicCredentials(header);
    const network = networkOf(request);
    if (!wasRight) failedAttempts.begin(network);
    const caller = await recogniseCaller(store.reader, customerId, secret, clock.now());
    if (caller === undefined) {
      remembered.delete(header);
      throw new LicenseError('unauthorized');
    }
    if (!wasRight) failedAttempts.forgive(network);
    credentialUse.note(customerId, clock.now());
    const [oldest] = remembered.keys();
    if (remembered.size >= REMEMBERED && oldest !== undefined) remembered.delete(oldest);
    remembered.set(header, { caller, until: performance.now() + BELIEVED_MS });
    return caller;
  }

  scope.decorateRequest('caller', undefined);
  scope.addHook('onRequest', async (request) => {
    const header = request.headers.authorization ?? '';
    const known = remembered.get(header);
    const caller =
      known !== undefined && performance.now() < known.until
        ? known.caller
        : await authenticate(header, request);
    if (only !== undefined && caller.scope !== only) throw new LicenseError('scope_too_wide', { only });
    if (caller.scope !== 'full' && request.routeOptions.config.scope !== caller.scope)
      throw new LicenseError('scope_insufficient', { scope: caller.scope });
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

export type { Caller };
