import { hash } from 'node:crypto';
import type { Kysely } from 'kysely';
import { type EpochSeconds, isoTime } from '#core/clock.ts';
import { LicenseError } from '#core/errors.ts';
import { type Columns, columnNames, selectRows } from './rows.ts';
import type { AuditTable, Schema } from './schema.ts';

/** One thing that changed: who, what, to which license, grant, credential … */
export interface AuditEntry {
  /** `credential:ID`, `device:JKT`, `operator:USER`, `server`. */
  readonly actor: string;
  /** Address the request came from, where it came by network. */
  readonly from?: string | undefined;
  /** The verb: `license.activate`, `grant.import` … */
  readonly action: string;
  readonly subject: string;
  readonly detail?: Readonly<Record<string, unknown>>;
}

/** A clock this far behind the trail is taken for drift, and the trail's own time is used; in seconds. */
const TOLERATED_LAG_SECONDS = 300;

const AUDIT_COLUMNS = {
  cid: 'text',
  seq: 'integer',
  at: 'integer',
  actor: 'text',
  action: 'text',
  subject: 'text',
  detail: 'text',
  hash: 'text',
} as const satisfies Columns<AuditTable>;

/** What stands for the hash before a trail's first row. */
export const GENESIS = '0'.repeat(64);

/**
 * The hash-chained trail of each company, for the length of one transaction: heads are read once, rows are
 * written together, heads are touched once. Source: design, Server "Audit" and "Its own clock".
 */
export class AuditTrail {
  readonly #db: Kysely<Schema>;
  readonly #now: EpochSeconds;
  readonly #heads = new Map<string, { seq: number; at: EpochSeconds; hash: string; touched: boolean }>();
  readonly #rows: AuditTable[] = [];

  /** The wall clock at the transaction's start; what is issued follows {@link timeOf} instead. */
  get wallClock(): EpochSeconds {
    return this.#now;
  }

  constructor(db: Kysely<Schema>, now: EpochSeconds) {
    this.#db = db;
    this.#now = now;
  }

  /**
   * The time at which a change of this company happens: the wall clock, or the head of its trail where the clock
   * lags behind that by minutes.
   *
   * @throws `clock_behind_audit` where it lags further: the server does not issue
   */
  async timeOf(cid: string): Promise<EpochSeconds> {
    const { at } = await this.#headOf(cid);
    if (at - this.#now > TOLERATED_LAG_SECONDS) {
      throw new LicenseError('clock_behind_audit', { now: isoTime(this.#now), head: isoTime(at) });
    }
    return Math.max(this.#now, at);
  }

  /** Adds a row; it becomes part of the trail when the transaction commits. */
  async append(cid: string, { actor, from, action, subject, detail = {} }: AuditEntry): Promise<void> {
    const at = await this.timeOf(cid);
    const head = await this.#headOf(cid);
    const origin = from === undefined ? {} : { from };
    const facts = JSON.stringify({ ...detail, ...origin });
    const row = { cid, seq: head.seq + 1, at, actor, action, subject, detail: facts };
    const hash = auditHash(head.hash, row);
    this.#rows.push({ ...row, hash });
    this.#heads.set(cid, { seq: row.seq, at, hash, touched: true });
  }

  /**
   * Lets the trail go on from the wall clock although its head lies later: an operator says that the head was
   * written by mistake. The row that says so is part of the trail.
   */
  async acceptClock(cid: string, entry: AuditEntry): Promise<void> {
    const head = await this.#headOf(cid);
    this.#heads.set(cid, { ...head, at: this.#now });
    await this.append(cid, { ...entry, detail: { ...entry.detail, previousAt: head.at } });
  }

  /** Writes what was appended. Called once, before the commit. */
  async flush(): Promise<void> {
    if (this.#rows.length === 0) return;
    await this.#db
      .insertInto('audit')
      .columns(columnNames(AUDIT_COLUMNS))
      .expression(selectRows<AuditTable>(this.#db, AUDIT_COLUMNS, this.#rows))
      .execute();
    const heads = [...this.#heads]
      .filter(([, { touched }]) => touched)
      .map(([cid, { seq, at, hash }]) => ({ cid, seq, at, hash }));
    await this.#db
      .insertInto('audit_head')
      .values(heads)
      .onConflict((conflict) =>
        conflict.column('cid').doUpdateSet(({ ref }) => ({
          seq: ref('excluded.seq'),
          at: ref('excluded.at'),
          hash: ref('excluded.hash'),
        })),
      )
      .execute();
    this.#rows.length = 0;
  }

  async #headOf(cid: string) {
    const known = this.#heads.get(cid);
    if (known !== undefined) return known;
    const stored = await this.#db
      .selectFrom('audit_head')
      .selectAll()
      .where('cid', '=', cid)
      .executeTakeFirst();
    const head = {
      seq: stored?.seq ?? 0,
      at: stored?.at ?? 0,
      hash: stored?.hash ?? GENESIS,
      touched: false,
    };
    this.#heads.set(cid, head);
    return head;
  }
}

/** SHA-256, hex, over the previous row's hash and this row's fields as a JSON array. */
export function auditHash(previous: string, row: Omit<AuditTable, 'hash'>): string {
  const { cid, seq, at, actor, action, subject, detail } = row;
  return hash('sha256', JSON.stringify([previous, cid, seq, at, actor, action, subject, detail]));
}

/** Rows of a trail in memory at a time. */
const PAGE_ROWS = 1000;

export interface TrailVerification {
  readonly rows: number;
  /** Sequence number of the first row that does not follow from the one before it. */
  readonly brokenAt?: number;
}

/**
 * Walks a company's trail and recomputes every hash, up to the head as it stands at the start: what is written
 * meanwhile comes after it.
 *
 * @param visit is given each row once its hash was found right
 * @param pause is awaited between pages, so that others have their turn
 */
export async function verifyTrail(
  db: Kysely<Schema>,
  cid: string,
  visit: (row: AuditTable) => void = () => {},
  pause: () => Promise<void> = async () => {},
): Promise<TrailVerification> {
  const head = await db.selectFrom('audit_head').selectAll().where('cid', '=', cid).executeTakeFirst();
  const end = head?.seq ?? 0;
  const page = db.selectFrom('audit').selectAll().where('cid', '=', cid).orderBy('seq').limit(PAGE_ROWS);
  let previous = GENESIS;
  let seq = 0;
  // Pages, not a stream: a million rows one promise each take twice as long.
  for (let rows = await page.execute(); rows.length > 0; ) {
    for (const row of rows) {
      if (seq === end && previous === head?.hash) return { rows: seq };
      seq += 1;
      if (row.seq !== seq || row.hash !== auditHash(previous, row)) return { rows: seq, brokenAt: seq };
      previous = row.hash;
      visit(row);
    }
    await pause();
    rows = await page.where('seq', '>', seq).execute();
  }
  if (seq !== end || previous !== (head?.hash ?? GENESIS)) return { rows: seq, brokenAt: seq + 1 };
  return { rows: seq };
}
