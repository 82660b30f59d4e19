import type { Kysely } from 'kysely';
import type { EpochSeconds } from '#core/clock.ts';
import type { PurchaseTerms } from '#core/documents/terms.ts';
import { type Columns, rowsOf, selectRows } from '../store/rows.ts';
import type { ConcurrencyLeaseTable, LicenseTable, Schema } from '../store/schema.ts';

/** How long sessions are leased, in seconds: a device that is gone blocks nobody for longer. */
export const LEASE_SECONDS = 600;

const COLUMNS = {
  license: 'text',
  cid: 'text',
  pid: 'text',
  app_id: 'text',
  sessions: 'integer',
  until_at: 'integer',
} as const satisfies Columns<ConcurrencyLeaseTable>;

type Leasing = Pick<LicenseTable, 'license' | 'cid' | 'pid' | 'app_id'>;

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
    const pools = new Map([...(await pidPools(db, licenses)), ...(await appPools(db, licenses))]);
    const cids = [...new Set(licenses.map(({ cid }) => cid))];
    const rows = await db
      .selectFrom('concurrency_lease')
      .selectAll()
      .where('cid', 'in', cids)
      .where('until_at', '>', now)
      .execute();
    for (const row of rows)
      for (const name of poolsOf(row)) {
        const pool = pools.get(name);
        if (pool !== undefined) pool.used += row.sessions;
      }
    return new Concurrency(db, pools, new Map(rows.map((row) => [row.license, row])));
  }

  /**
   * Leases a license so many sessions in place of those that it has; 0 gives them back. Undefined where that is more
   * than is free: then nothing changes.
   *
   * @returns until when
   */
  lease(license: Leasing, sessions: number, now: EpochSeconds): EpochSeconds | undefined {
    const held = this.#leases.get(license.license)?.sessions ?? 0;
    const pools = poolsOf(license).flatMap((name) => this.#pools.get(name) ?? []);
    // Fewer than before is never too many, even where the cap sank meanwhile.
    if (sessions > held && pools.some(({ cap, used }) => used - held + sessions > cap)) return undefined;
    for (const pool of pools) pool.used += sessions - held;
    const { cid, pid, app_id } = license;
    const row = { license: license.license, cid, pid, app_id, sessions, until_at: now + LEASE_SECONDS };
    this.#leases.set(license.license, row);
    this.#changed.set(license.license, row);
    return row.until_at;
  }

  async store(): Promise<void> {
    const rows = [...this.#changed.values()];
    if (rows.length === 0) return;
    const licenses = rows.map(({ license }) => ({ license }));
    await this.#db
      .deleteFrom('concurrency_lease')
      .where(
        'license',
        'in',
        this.#db
          .selectFrom(rowsOf<{ license: string }>(this.#db, { license: 'text' }, licenses).as('r'))
          .select('r.license'),
      )
      .execute();
    const held = rows.filter(({ sessions }) => sessions > 0);
    if (held.length === 0) return;
    await this.#db
      .insertInto('concurrency_lease')
      .columns(Object.keys(COLUMNS) as (keyof ConcurrencyLeaseTable)[])
      .expression(selectRows<ConcurrencyLeaseTable>(this.#db, COLUMNS, held))
      .execute();
  }
}

function poolsOf({ cid, pid, app_id }: Omit<Leasing, 'license'>): [string, string] {
  return [`${cid} ${pid}`, app_id];
}

/** A PID of which any line has no cap has none. */
async function pidPools(db: Kysely<Schema>, licenses: readonly Leasing[]): Promise<Map<string, Pool>> {
  const lines = await db
    .selectFrom('terms')
    .select(['cid', 'pid', 'claims'])
    .where('kind', '=', 'purchase')
    .where('withdrawn', '=', 0)
    .where('pid', 'in', [...new Set(licenses.map(({ pid }) => pid))])
    .execute();
  const caps = new Map<string, number>();
  for (const { cid, pid, claims } of lines) {
    const { pcu = Number.POSITIVE_INFINITY }: PurchaseTerms = JSON.parse(claims);
    caps.set(`${cid} ${pid}`, (caps.get(`${cid} ${pid}`) ?? 0) + pcu);
  }
  return new Map(
    [...caps].flatMap(([name, cap]) => (Number.isFinite(cap) ? [[name, { cap, used: 0 }] as const] : [])),
  );
}

async function appPools(db: Kysely<Schema>, licenses: readonly Leasing[]): Promise<Map<string, Pool>> {
  const apps = await db
    .selectFrom('app')
    .select(['app_id', 'pcu'])
    .where('app_id', 'in', [...new Set(licenses.map(({ app_id }) => app_id))])
    .execute();
  return new Map(
    apps.flatMap(({ app_id, pcu }) => (pcu === null ? [] : [[app_id, { cap: pcu, used: 0 }] as const])),
  );
}
