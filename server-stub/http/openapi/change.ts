import type { FastifyInstance, FastifyRequest } from 'fastify';
import type * as Type from 'typebox';
import type { Bilingual } from '#core/errors.ts';
import type { Verb } from '../../licensing/batch.ts';
import type { Scope } from '../../licensing/credentials.ts';
import { idempotent } from '../../licensing/idempotent.ts';
import type { Outcome, Requester } from '../../licensing/outcome.ts';
import { type Caller, callerOf } from '../authentication.ts';
import { languageOf } from '../problems.ts';
import { addressOf } from '../remote-address.ts';
import type { Services } from '../services.ts';
import { idempotencyKeyOf } from './idempotency-key.ts';
import { parseJsonBody } from './json-body.ts';
import { VERSIONS } from './versions.ts';

/** What a call of the OpenAPI was given, validated. */
export interface Call<Query, Body> {
  readonly query: Query;
  readonly body: Body;
  readonly caller: Caller;
  /** Who asks, for the audit trail. */
  readonly requester: Required<Requester>;
}

/** A success in the contract's envelope, without `code`. */
export interface Success {
  readonly message?: Bilingual;
  readonly data?: unknown;
}

/** A POST of the OpenAPI that changes something, in the terms of the contract's table. */
export interface Change<
  Query extends Type.TSchema,
  Body extends Type.TSchema,
  Request,
  Result extends object,
> {
  /** Below `/dabiz/license/{version}`. */
  readonly path: string;
  readonly query: Query;
  /** JSON body, where the call has one. */
  readonly body?: Body;
  /** Largest body, in bytes. */
  readonly bodyLimit?: number;
  /** The least scope of credentials; `full` where nothing is said. */
  readonly scope?: Scope;
  readonly verb: Verb<Request, Outcome<Result>>;
  /**
   * The verb's request.
   *
   * @throws what is wrong with the parameters
   */
  request(call: Call<Type.Static<Query>, Type.Static<Body>>): Request;
  success(result: Result, request: Request): Success;
}

/** Who makes a call and from where, for the audit trail. */
export function requesterOf(request: FastifyRequest): Required<Requester> {
  return { actor: `credential:${callerOf(request).customerId}`, from: addressOf(request) };
}

/**
 * Serves a change under every version of the OpenAPI: parameters by schema, one place in the batch, an
 * Idempotency-Key honoured, the contract's envelope. Source: contract, Common.
 */
export function changeRoute<
  Query extends Type.TSchema,
  Body extends Type.TSchema,
  Request,
  Result extends object,
>(scope: FastifyInstance, { batch }: Services, change: Change<Query, Body, Request, Result>): void {
  const { path, query, body, bodyLimit, scope: leastScope } = change;
  const verb = idempotent(change.verb, (result: Result, request: Request) => change.success(result, request));
  for (const version of VERSIONS) {
    const options = {
      schema: { querystring: query, ...(body !== undefined && { body }) },
      ...(body !== undefined && { preValidation: parseJsonBody }),
      ...(bodyLimit !== undefined && { bodyLimit }),
      ...(leastScope !== undefined && { config: { scope: leastScope } }),
    };
    scope.post(`/dabiz/license/${version}${path}`, options, async (request) => {
      const call = {
        query: request.query as Type.Static<Query>,
        body: (body === undefined ? undefined : request.body) as Type.Static<Body>,
        caller: callerOf(request),
        requester: requesterOf(request),
      };
      const key = idempotencyKeyOf(request, path, { query, bodySchema: body, body: call.body });
      const reply = await batch.submit(verb, { request: change.request(call), key });
      if (!reply.ok) throw reply.error;
      const { message, data } = reply.body;
      return {
        code: 200,
        ...(message !== undefined && { message: message[languageOf(request)] }),
        ...(data !== undefined && { data }),
      };
    });
  }
}
