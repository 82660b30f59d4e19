import { errorTable } from '#core/error-table.ts';
import { type ErrorCode, type ErrorDetail, LicenseError } from '#core/errors.ts';
import type { Transaction } from '../store/database.ts';
import { type Columns, columnNames, rowsOf, selectRows } from '../store/rows.ts';
import type { IdempotencyTable } from '../store/schema.ts';
import type { Verb } from './batch.ts';
import { companiesWithoutRoom, countBytes, secondsToRoom } from './idempotency-bytes.ts';
import { IDEMPOTENCY_SECONDS } from './idempotency-seconds.ts';
import type { Outcome } from './outcome.ts';

/** An Idempotency-Key as a call carried it: company + route + key; the hash tells whether the same was asked. */
export type IdempotencyKey = Pick<IdempotencyTable, 'cid' | 'route' | 'key' | 'request_hash'>;

export interface Keyed<Request> {
  readonly request: Request;
  readonly key?: IdempotencyKey | undefined;
}

/** The reply of a call, without what is made anew for each reader: language, request id. */
export type Reply<Body extends object = object> = Outcome<{ readonly body: Body }>;

/**
 * A verb whose requests may carry an Idempotency-Key: the first reply is stored in the transaction of the change
 * and given again; the same key with other parameters is refused. Faults (5xx) roll back with the transaction and
 * leave nothing. A company whose replies fill what they may is refused new keys, before anything is done
 * (`idempotency_full`): what is carried out under a key is always remembered. Source: design, Server "Credentials".
 *
 * @param bodyOf what is answered to a success; its size is the caller's to bound
 */
export function idempotent<Request, Result extends object, Body extends object>(
  verb: Verb<Request, Outcome<Result>>,
  bodyOf: (result: Result, request: Request) => Body,
): Verb<Keyed<Request>, Reply<Body>> {
  const reply = (outcome: Outcome<Result>, request: Request): Reply<Body> =>
    outcome.ok ? { ok: true, body: bodyOf(outcome, request) } : outcome;

  return async (transaction, keyed) => {
    const keys = keyed.flatMap(({ key }) => key ?? []);
    if (keys.length === 0) {
      const requests = keyed.map(({ request }) => request);
      const outcomes = await verb(transaction, requests);
      return outcomes.map((outcome, index) => reply(outcome, requests[index] as Request));
    }
    const known = await storedReplies<Body>(transaction, keys);
    const newKeys = keys.filter((key) => !known.has(idOf(key)));
    const full = await companiesWithoutRoom(
      transaction,
      newKeys.map(({ cid }) => cid),
    );
    // Of several calls under one key that arrive together the first is carried out.
    const taken = new Set(known.keys());
    const firsts = keyed.filter(({ key }) => {
      if (key === undefined) return true;
      if (full.has(key.cid)) return false;
      const isFirst = !taken.has(idOf(key));
      taken.add(idOf(key));
      return isFirst;
    });
    const outcomes = await verb(
      transaction,
      firsts.map(({ request }) => request),
    );
    const fresh = new Map<Keyed<Request>, Reply<Body>>();
    const remembered: [IdempotencyKey, Reply<Body>][] = [];
    for (const [index, first] of firsts.entries()) {
      const made = reply(outcomes[index] as Outcome<Result>, first.request);
      fresh.set(first, made);
      if (first.key === undefined) continue;
      known.set(idOf(first.key), { hash: first.key.request_hash, reply: made });
      if (made.ok || isStored(made.error.code)) remembered.push([first.key, made]);
    }
    await storeReplies(transaction, remembered);
    return keyed.map((call) => {
      const made = fresh.get(call);
      if (made !== undefined) return made;
      const stored = known.get(idOf(call.key as IdempotencyKey));
      if (stored === undefined) return withoutRoom(transaction);
      return stored.hash === call.key?.request_hash
        ? stored.reply
        : { ok: false, error: new LicenseError('idempotency_conflict') };
    });
  };
}

interface Known<Body extends object> {
  readonly hash: string;
  readonly reply: Reply<Body>;
}

function withoutRoom({ audit }: Transaction): { readonly ok: false; readonly error: LicenseError } {
  const retryAfterSeconds = secondsToRoom(audit.wallClock);
  return { ok: false, error: new LicenseError('idempotency_full', { retryAfterSeconds }) };
}

/** None of the parts holds a line break: neither a company, a route nor a header. */
function idOf({ cid, route, key }: IdempotencyKey): string {
  return `${cid}\n${route}\n${key}`;
}

/** 401, 429 and 5xx say nothing about the call itself and may be over the next time. */
function isStored(code: ErrorCode): boolean {
  const status = errorTable[code].http;
  return status < 500 && status !== 401 && status !== 429;
}

const KEY_COLUMNS = { cid: 'text', route: 'text', key: 'text' } as const satisfies Columns<IdempotencyKey>;

async function storedReplies<Body extends object>(
  { db, audit }: Transaction,
  keys: readonly IdempotencyKey[],
): Promise<Map<string, Known<Body>>> {
  const rows = await db
    .selectFrom(rowsOf<IdempotencyKey>(db, KEY_COLUMNS, keys).as('r'))
    .innerJoin('idempotency', (join) =>
      join
        .onRef('idempotency.cid', '=', 'r.cid')
        .onRef('idempotency.route', '=', 'r.route')
        .onRef('idempotency.key', '=', 'r.key'),
    )
    .selectAll('idempotency')
    .where('at', '>', audit.wallClock - IDEMPOTENCY_SECONDS)
    .execute();
  return new Map(
    rows.map((row) => [idOf(row), { hash: row.request_hash, reply: replyFrom<Body>(row.reply) }]),
  );
}

const REPLY_COLUMNS = {
  ...KEY_COLUMNS,
  request_hash: 'text',
  reply: 'text',
  at: 'integer',
} as const satisfies Columns<IdempotencyTable>;

async function storeReplies<Body extends object>(
  transaction: Transaction,
  replies: readonly [IdempotencyKey, Reply<Body>][],
): Promise<void> {
  if (replies.length === 0) return;
  const { db, audit } = transaction;
  const rows = replies.map(([key, reply]) => ({ ...key, reply: replyText(reply), at: audit.wallClock }));
  await db
    .insertInto('idempotency')
    .columns(columnNames(REPLY_COLUMNS))
    .expression(selectRows<IdempotencyTable>(db, REPLY_COLUMNS, rows))
    // What is there under this key is older than a day.
    .onConflict((conflict) =>
      conflict.columns(['cid', 'route', 'key']).doUpdateSet(({ ref }) => ({
        request_hash: ref('excluded.request_hash'),
        reply: ref('excluded.reply'),
        at: ref('excluded.at'),
      })),
    )
    .execute();
  await countBytes(transaction, rows);
}

function replyText<Body extends object>(reply: Reply<Body>): string {
  return JSON.stringify(
    reply.ok ? { body: reply.body } : { code: reply.error.code, detail: reply.error.detail },
  );
}

function replyFrom<Body extends object>(text: string): Reply<Body> {
  const stored: { body: Body } | { code: ErrorCode; detail: ErrorDetail } = JSON.parse(text);
  if ('body' in stored) return { ok: true, body: stored.body };
  return { ok: false, error: new LicenseError(stored.code, stored.detail) };
}
