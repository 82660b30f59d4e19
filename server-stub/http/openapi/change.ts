import { createHash } from 'node:crypto';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import * as Type from 'typebox';
import { type Bilingual, LicenseError } from '#core/errors.ts';
import { parseJson } from '#core/shapes.ts';
import type { Verb } from '../../licensing/batch.ts';
import { type IdempotencyKey, idempotent } from '../../licensing/idempotent.ts';
import type { Outcome, Requester } from '../../licensing/outcome.ts';
import { type Caller, callerOf } from '../authentication.ts';
import { languageOf } from '../problems.ts';
import type { Services } from '../services.ts';
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
  readonly verb: Verb<Request, Outcome<Result>>;
  /**
   * The verb's request.
   *
   * @throws what is wrong with the parameters
   */
  request(call: Call<Type.Static<Query>, Type.Static<Body>>): Request;
  success(result: Result, request: Request): Success;
}

/** RFC-draft idempotency-key-header: opaque to us. */
const IDEMPOTENCY_KEY = /^[\x21-\x7e]{1,255}$/;

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
  const { path, query, body, bodyLimit } = change;
  const verb = idempotent(change.verb, (result: Result, request: Request) => change.success(result, request));
  for (const version of VERSIONS) {
    const options = {
      schema: { querystring: query, ...(body !== undefined && { body }) },
      ...(body !== undefined && { preValidation: parseJsonBody }),
      ...(bodyLimit !== undefined && { bodyLimit }),
    };
    scope.post(`/dabiz/license/${version}${path}`, options, async (request) => {
      const caller = callerOf(request);
      const call = {
        query: request.query as Type.Static<Query>,
        body: (body === undefined ? undefined : request.body) as Type.Static<Body>,
        caller,
        requester: { actor: `credential:${caller.customerId}`, from: request.ip },
      };
      const key = idempotencyKey(request, caller, path, call);
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

/**
 * Makes JSON of the body's bytes, for the validator. A client that names no content type is taken at its word.
 *
 * @throws `unsupported_media_type`, `body_malformed`
 */
export async function parseJsonBody(request: FastifyRequest): Promise<void> {
  const contentType = request.headers['content-type'];
  if (contentType !== undefined && !/^application\/json\b/i.test(contentType))
    throw new LicenseError('unsupported_media_type', { contentType });
  const text = Buffer.isBuffer(request.body) ? request.body.toString() : '';
  request.body = parseJson(Type.Object({}), text, 'body_malformed', 'body');
}

function idempotencyKey(
  request: FastifyRequest,
  { cid }: Caller,
  route: string,
  { query, body }: Pick<Call<unknown, unknown>, 'query' | 'body'>,
): IdempotencyKey | undefined {
  const key = request.headers['idempotency-key'];
  if (key === undefined) return undefined;
  if (typeof key !== 'string' || !IDEMPOTENCY_KEY.test(key)) {
    const problem = {
      en: 'must be 1 to 255 visible ASCII characters',
      zh: '必须为 1 至 255 个可见 ASCII 字符',
    };
    throw new LicenseError('parameter_invalid', { name: 'Idempotency-Key', problem });
  }
  const request_hash = createHash('sha256')
    .update(JSON.stringify([query, body]))
    .digest('hex');
  return { cid, route, key, request_hash };
}
