import type { Kysely } from 'kysely';
import type { EpochSeconds } from '#core/clock.ts';
import { type Columns, columnNames, rowsOf, selectRows } from '../store/rows.ts';
import type { ConcurrencyLeaseTable, LicenseTable, Schema } from '../store/schema.ts';
import { appCaps, pidCaps, pidPool, poolOf } from './concurrency-caps.ts';
import { sessionsInUse } from './sessions-in-use.ts';

/** How long sessions are leased, in seconds: a device that is gone blocks nobody for longer. */
export const LEASE_SECONDS = 600;

const COLUMNS = {
  license: 'text',
  cid: 'text',
  pid: 'text',
  app_id: 'text',
  sessions: 'integer',
  until_at: 'integer',
  device_jkt: 'text',
  counter: 'integer',
} as const satisfies Columns<ConcurrencyLeaseTable>;

type Leasing = Pick<LicenseTable, 'license' | 'cid' | 'pid' | 'app_id'>;

export interface LeaseWish {
  readonly sessions: number;
  /** Thumbprint of the key that asks. */
  readonly jkt: string;
  /** Of the request. */
  readonly counter: number;
}

/** What a device may run, and until when. */
export interface Leased {
  readonly sessions: number;
  readonly until: EpochSeconds;
}

/** What a cap is counted for: a company's PID, or an App. */
interface Pool {
  readonly cap: number;
  used: number;
}

/**
 * Sessions of licenses whose number at the same time is limited: by the purchases of a PID, all of which then have a
 * cap, and by the App. Decided in memory for a batch, written at once. Source: contract, Rules "PCU limit".
 */
export class Concurrency {
  readonly #db: Kysely<Schema>;
  readonly #pools: ReadonlyMap<string, Pool>;
  readonly #leases: Map<string, ConcurrencyLeaseTable>;
  readonly #changed = new Map<string, ConcurrencyLeaseTable>();

  private constructor(
    db: Kysely<Schema>,
    pools: ReadonlyMap<string, Pool>,
    leases: Map<string, ConcurrencyLeaseTable>,
  ) {
    this.#db = db;
    this.#pools = pools;
    this.#leases = leases;
  }

  /** Reads what leases for these licenses are decided by. */
  static async load(
    db: Kysely<Schema>,
    licenses: readonly Leasing[],
    now: EpochSeconds,
  ): Promise<Concurrency> {
    if (licenses.length === 0) return new Concurrency(db, new Map(), new Map());
    const pids = licenses.map(({ pid }) => pid);
    const appIds = licenses.map(({ app_id }) => app_id);
    const caps = [...(await pidCaps(db, pids)), ...(await appCaps(db, appIds))];
    const inUse = await sessionsInUse(db, caps, now);
    const pools = inUse.map((each) => [poolOf(each), { cap: each.cap, used: each.sessions }] as const);
    const rows = await db
      .selectFrom('concurrency_lease')
      .selectAll()
      .where('license', 'in', licenseNames(db, licenses))
      .where('until_at', '>', now)
      .execute();
    return new Concurrency(db, new Map(pools), new Map(rows.map((row) => [row.license, row])));
  }

  /**
   * Leases a license so many sessions in place of those that it has; 0 gives them back. Undefined where that is more
   * than is free: then nothing changes. A request that a later one of the same key overtook, or that is played again,
   * gives nothing back: what the later one was told is running.
   */
  lease(license: Leasing, { sessions, jkt, counter }: LeaseWish, now: EpochSeconds): Leased | undefined {
    const lease = this.#leases.get(license.license);
    const held = lease?.sessions ?? 0;
    const latest = lease?.device_jkt === jkt ? (lease.counter ?? -1) : -1;
    if (lease !== undefined && counter <= latest && sessions <= held)
      return { sessions: held, until: lease.until_at };
    const { cid, pid, app_id } = license;
    const pools = [pidPool(cid, pid), app_id].flatMap((name) => this.#pools.get(name) ?? []);
    // As many as before is never too many, even where the cap sank meanwhile: they run.
    if (sessions > held && pools.some(({ cap, used }) => used - held + sessions > cap)) return undefined;
    for (const pool of pools) pool.used += sessions - held;
    const row = {
      ...{ license: license.license, cid, pid, app_id, sessions, until_at: now + LEASE_SECONDS },
      ...{ device_jkt: jkt, counter: Math.max(counter, latest) },
    };
    this.#leases.set(license.license, row);
    this.#changed.set(license.license, row);
    return { sessions, until: row.until_at };
  }

  async store(): Promise<void> {
    const rows = [...this.#changed.values()];
    if (rows.length === 0) return;
    await this.#db
      .deleteFrom('concurrency_lease')
      .where('license', 'in', licenseNames(this.#db, rows))
      .execute();
    const held = rows.filter(({ sessions }) => sessions > 0);
    if (held.length === 0) return;
    await this.#db
      .insertInto('concurrency_lease')
      .columns(columnNames(COLUMNS))
      .expression(selectRows<ConcurrencyLeaseTable>(this.#db, COLUMNS, held))
      .execute();
  }
}

/** As a subquery: one parameter, however many there are. */
function licenseNames(db: Kysely<Schema>, licenses: readonly Pick<Leasing, 'license'>[]) {
  const names = licenses.map(({ license }) => ({ license }));
  return db
    .selectFrom(rowsOf<{ license: string }>(db, { license: 'text' }, names).as('r'))
    .select('r.license');
}
