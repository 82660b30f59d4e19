import type { Kysely } from 'kysely';
import { type EpochSeconds, isoDay } from '#core/clock.ts';
import type { Terms } from '#core/documents/terms.ts';
import { LicenseError } from '#core/errors.ts';
import { isLicenseKey } from '#core/ids.ts';
import { type Columns, columnNames, selectRows } from '../store/rows.ts';
import type { LicenseTable, Schema, TransferTable } from '../store/schema.ts';
import { existingLicenses, identityOf } from './activate.ts';
import { preauthorizedApps } from './preauthorization/lists.ts';
import { preauthorized } from './preauthorization/preauthorized.ts';
import { storeLicenses } from './store-licenses.ts';
import { purchaseOf, termsOf } from './terms.ts';

const YEAR = 365 * 86_400;

/** A license and where it shall go. */
export interface MoveWish {
  readonly license: LicenseTable;
  readonly toLicenseKey: string;
}

interface MoveFacts {
  readonly terms: ReadonlyMap<string, Terms>;
  /** By identityOf: LicenseKeys that have a license of the App and PID, in whatever state. */
  readonly holders: Set<string>;
  readonly isPreauthorized: (target: { appId: string; licenseKey: string }) => boolean;
}

interface Move extends MoveWish {
  readonly fromLicenseKey: string;
  readonly at: EpochSeconds;
}

/**
 * Moves of licenses to other LicenseKeys for the length of one transaction: what they are decided by is read once,
 * they are decided in memory in order, and written together. Source: design, Server "Transfer"; protocol,
 * "Idempotence and replay".
 */
export class Moves {
  readonly #db: Kysely<Schema>;
  readonly #facts: MoveFacts;
  readonly #moves: Move[] = [];

  private constructor(db: Kysely<Schema>, facts: MoveFacts) {
    this.#db = db;
    this.#facts = facts;
  }

  static async load(db: Kysely<Schema>, wishes: readonly MoveWish[]): Promise<Moves> {
    const targets = wishes
      .filter(({ toLicenseKey }) => isLicenseKey(toLicenseKey))
      .map(({ license, toLicenseKey }) => targetOf(license, toLicenseKey));
    const apps = await preauthorizedApps(
      db,
      targets.map(({ appId }) => appId),
    );
    const licenses = wishes.map(({ license }) => license);
    return new Moves(db, {
      terms: await termsOf(db, licenses),
      holders: new Set((await existingLicenses(db, targets)).keys()),
      isPreauthorized: await preauthorized(db, apps, targets),
    });
  }

  /**
   * Moves a license, in memory: value, end and minutes stay, the target's device binds at its first contact. A
   * released license becomes active there; a suspended one stays so. Why not: `license_key_invalid`,
   * `transfer_same_key`, `license_expired`, `transfer_target_licensed`, `not_preauthorized`, `transfer_not_allowed`,
   * `transfer_limit`.
   */
  move(license: LicenseTable, toLicenseKey: string, now: EpochSeconds): LicenseError | undefined {
    const { license_key: fromLicenseKey, pid } = license;
    if (!isLicenseKey(toLicenseKey)) return new LicenseError('license_key_invalid');
    if (toLicenseKey === fromLicenseKey)
      return new LicenseError('transfer_same_key', { licenseKey: toLicenseKey });
    if (now >= license.expire_time) return new LicenseError('license_expired');
    const target = targetOf(license, toLicenseKey);
    if (this.#facts.holders.has(identityOf(target)))
      return new LicenseError('transfer_target_licensed', { licenseKey: toLicenseKey, pid });
    if (!this.#facts.isPreauthorized(target)) return new LicenseError('not_preauthorized');
    const refusal = this.#count(license, now);
    if (refusal !== undefined) return refusal;

    license.license_key = toLicenseKey;
    if (license.state === 'released') license.state = 'active';
    license.device_jkt = null;
    license.fingerprint = null;
    license.rebinds = 0;
    license.rebinds_since = now;
    this.#facts.holders.delete(identityOf(targetOf(license, fromLicenseKey)));
    this.#facts.holders.add(identityOf(target));
    this.#moves.push({ license, fromLicenseKey, toLicenseKey, at: now });
    return undefined;
  }

  /** Counts a transfer in the running year, as many as the vendor's line allows. */
  #count(license: LicenseTable, now: EpochSeconds): LicenseError | undefined {
    const { transfersPerYear: limit } = purchaseOf(this.#facts.terms, license.terms_id);
    if (limit === 0) return new LicenseError('transfer_not_allowed', { pid: license.pid });
    if (now - license.transfers_since >= YEAR) {
      license.transfers = 1;
      license.transfers_since = now;
      return undefined;
    }
    if (license.transfers >= limit)
      return new LicenseError('transfer_limit', { limit, day: isoDay(license.transfers_since + YEAR) });
    license.transfers += 1;
    return undefined;
  }

  /** Writes the licenses, and where they came from, so that the devices there are told. */
  async store(): Promise<void> {
    const licenses = this.#moves.map(({ license }) => license);
    if (licenses.length > 1) {
      // One may take the LicenseKey that another leaves in the same statement, and the order of rows is the engine's:
      // meanwhile each has a name that no LicenseKey can be.
      const meanwhile = licenses.map((license) => ({ ...license, license_key: ` ${license.license}` }));
      await storeLicenses(this.#db, { license_key: 'text' }, meanwhile);
    }
    await storeLicenses(this.#db, MOVED, licenses);
    await this.#storeOrigins();
  }

  async #storeOrigins(): Promise<void> {
    if (this.#moves.length === 0) return;
    // Of several moves of a license from one LicenseKey the last counts.
    const rows = new Map(
      this.#moves.map(({ license: { app_id, pid, license }, fromLicenseKey, toLicenseKey, at }) => [
        `${license} ${fromLicenseKey}`,
        { app_id, pid, from_license_key: fromLicenseKey, license, to_license_key: toLicenseKey, at },
      ]),
    );
    await this.#db
      .insertInto('transfer')
      .columns(columnNames(TRANSFERRED))
      .expression(selectRows<TransferTable>(this.#db, TRANSFERRED, [...rows.values()]))
      .onConflict((conflict) =>
        conflict.columns(['app_id', 'pid', 'from_license_key', 'license']).doUpdateSet(({ ref }) => ({
          to_license_key: ref('excluded.to_license_key'),
          at: ref('excluded.at'),
        })),
      )
      .execute();
  }
}

function targetOf({ app_id, pid }: LicenseTable, licenseKey: string) {
  return { appId: app_id, pid, licenseKey };
}

const MOVED = {
  license_key: 'text',
  state: 'text',
  device_jkt: 'text',
  fingerprint: 'text',
  rebinds: 'integer',
  rebinds_since: 'integer',
  transfers: 'integer',
  transfers_since: 'integer',
} as const satisfies Columns<LicenseTable>;

const TRANSFERRED = {
  app_id: 'text',
  pid: 'text',
  from_license_key: 'text',
  license: 'text',
  to_license_key: 'text',
  at: 'integer',
} as const satisfies Columns<TransferTable>;
