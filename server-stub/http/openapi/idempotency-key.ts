import { createHash } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import type * as Type from 'typebox';
import Value from 'typebox/value';
import { LicenseError } from '#core/errors.ts';
import type { IdempotencyKey } from '../../licensing/idempotent.ts';
import { callerOf } from '../authentication.ts';

/** RFC-draft idempotency-key-header: opaque to us. */
const IDEMPOTENCY_KEY = /^[\x21-\x7e]{1,255}$/;

/** What a call may be told. */
interface Asked {
  readonly query?: Type.TSchema;
  /** The body by its schema, where that has more members than the call knows. */
  readonly bodySchema?: Type.TSchema | undefined;
  readonly body?: unknown;
}

/**
 * The Idempotency-Key of a call and what was asked under it: the parameters in any order, without unknown ones, which
 * mean nothing.
 *
 * @param route the call's path, the same for all its versions
 * @throws `parameter_invalid`
 */
export function idempotencyKeyOf(
  request: FastifyRequest,
  route: string,
  { query, bodySchema, body = null }: Asked,
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
  const names = query !== undefined && 'properties' in query ? Object.keys(query.properties as object) : [];
  const given = request.query as Readonly<Record<string, unknown>>;
  const asked = [names.map((name) => given[name] ?? null), request.params, known(bodySchema, body)];
  const request_hash = createHash('sha256').update(canonicalJson(asked)).digest('hex');
  return { cid: callerOf(request).cid, route, key, request_hash };
}

/** A body without the members that its call does not know. */
function known(schema: Type.TSchema | undefined, body: unknown): unknown {
  return schema === undefined ? body : Value.Clean(schema, structuredClone(body));
}

/** JSON with the members of every object in one order: a client may build the same body in another. */
function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_name, member: unknown) =>
    typeof member === 'object' && member !== null && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : member,
  );
}
