import { type Kysely, sql } from 'kysely';
import type { EpochSeconds } from '#core/clock.ts';
import { type Columns, columnNames, rowsOf, selectRows } from '../store/rows.ts';
import type { LicenseTable, Schema } from '../store/schema.ts';
import type { Statement } from './issuer.ts';
import { storeLicenses } from './store-licenses.ts';

type Sighting = Pick<Schema['device_key'], 'jkt' | 'license' | 'counter'> & { at: EpochSeconds };

const TOUCHED = {
  state: 'text',
  device_jkt: 'text',
  fingerprint: 'text',
  rebinds: 'integer',
  rebinds_since: 'integer',
  last_seen_at: 'integer',
  agent_version: 'text',
} as const satisfies Columns<LicenseTable>;

const ANSWERED = {
  jti: 'text',
  jkt: 'text',
  kind: 'text',
  claims: 'text',
  terms: 'text',
  at: 'integer',
} as const satisfies Columns<Schema['answer']>;

/** Collects what a batch of device requests changes, and writes it in a few set-based statements. */
export class DeviceLedger {
  readonly #db: Kysely<Schema>;
  readonly #licenses = new Set<LicenseTable>();
  readonly #sightings = new Map<string, Sighting>();
  readonly #restored = new Map<string, Pick<Sighting, 'jkt' | 'license'>>();
  readonly #answers: Schema['answer'][] = [];

  constructor(db: Kysely<Schema>) {
    this.#db = db;
  }

  /** A license whose binding or last contact changed. */
  touch(license: LicenseTable): void {
    this.#licenses.add(license);
  }

  /** A device key that asked about a license, with its counter. */
  see(jkt: string, license: string, counter: number, at: EpochSeconds): void {
    const key = `${jkt} ${license}`;
    const seen = this.#sightings.get(key);
    this.#sightings.set(key, { jkt, license, counter: Math.max(counter, seen?.counter ?? 0), at });
  }

  /** A key that an operator had replaced and that a person put back. */
  restore(jkt: string, license: string): void {
    this.#restored.set(`${jkt} ${license}`, { jkt, license });
  }

  /** An answer that changed state, to be given again to the same jti. */
  remember(jti: string, jkt: string, { kind, claims }: Exclude<Statement, { kind: 'lease' }>): void {
    const terms = kind === 'token' ? [claims.termsId, ...claims.renewals.map(({ termsId }) => termsId)] : [];
    this.#answers.push({
      jti,
      jkt,
      kind,
      claims: JSON.stringify(claims),
      terms: JSON.stringify(terms),
      at: claims.iat,
    });
  }

  async store(): Promise<void> {
    await storeLicenses(this.#db, TOUCHED, this.#licenses);
    await this.#storeSightings([...this.#sightings.values()]);
    await this.#restoreKeys([...this.#restored.values()]);
    if (this.#answers.length === 0) return;
    await this.#db
      .insertInto('answer')
      .columns(columnNames(ANSWERED))
      .expression(selectRows<Schema['answer']>(this.#db, ANSWERED, this.#answers))
      .execute();
  }

  async #restoreKeys(keys: readonly Pick<Sighting, 'jkt' | 'license'>[]): Promise<void> {
    if (keys.length === 0) return;
    await this.#db
      .updateTable('device_key')
      .from(rowsOf<(typeof keys)[number]>(this.#db, { jkt: 'text', license: 'text' }, keys).as('r'))
      .set({ replaced_at: null })
      .whereRef('device_key.jkt', '=', 'r.jkt')
      .whereRef('device_key.license', '=', 'r.license')
      .execute();
  }

  /** The counter only rises; a lower one is noted for the operator and ends nothing. */
  async #storeSightings(sightings: readonly Sighting[]): Promise<void> {
    if (sightings.length === 0) return;
    const source = rowsOf<Sighting>(
      this.#db,
      { jkt: 'text', license: 'text', counter: 'integer', at: 'integer' },
      sightings,
    );
    await sql`
      insert into device_key (jkt, license, counter, bound_at)
      select jkt, license, counter, at from ${source} as r where true
      on conflict (jkt, license) do update set
        counter_fell_at = case when excluded.counter < device_key.counter then excluded.bound_at else device_key.counter_fell_at end,
        counter = case when excluded.counter > device_key.counter then excluded.counter else device_key.counter end
    `.execute(this.#db);
  }
}
