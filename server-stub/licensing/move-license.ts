import type { Kysely } from 'kysely';
import { type EpochSeconds, isoDay } from '#core/clock.ts';
import type { PurchaseTerms } from '#core/documents/terms.ts';
import { LicenseError } from '#core/errors.ts';
import { isLicenseKey } from '#core/ids.ts';
import { type Columns, columnNames, selectRows } from '../store/rows.ts';
import type { LicenseTable, Schema, TransferTable } from '../store/schema.ts';
import { storeLicenses } from './store-licenses.ts';

const YEAR = 365 * 86_400;

/** A license that was moved in memory, for {@link storeMoves}. */
export interface Move {
  readonly license: LicenseTable;
  readonly fromLicenseKey: string;
  readonly toLicenseKey: string;
  readonly at: EpochSeconds;
}

/** What a move is decided by, beside the license. */
export interface MoveFacts {
  readonly terms: Pick<PurchaseTerms, 'transfersPerYear'>;
  /** Whether the target LicenseKey has a license of this App and PID, in whatever state. */
  readonly taken: boolean;
  readonly now: EpochSeconds;
}

/**
 * Moves a license to another LicenseKey of the same App and PID, in memory: value, end and minutes stay, the
 * target's device binds at its first contact. A released license becomes active there; a suspended one stays so.
 * Refused: `license_key_invalid`, `transfer_same_key`, `license_expired`, `transfer_target_licensed`,
 * `transfer_limit`. Source: design, Server "Transfer"; protocol, "Idempotence and replay".
 */
export function moveLicense(
  license: LicenseTable,
  toLicenseKey: string,
  { terms: { transfersPerYear: limit }, taken, now }: MoveFacts,
): Move | LicenseError {
  const { license_key: fromLicenseKey, pid } = license;
  if (!isLicenseKey(toLicenseKey)) return new LicenseError('license_key_invalid');
  if (toLicenseKey === fromLicenseKey)
    return new LicenseError('transfer_same_key', { licenseKey: toLicenseKey });
  if (now >= license.expire_time) return new LicenseError('license_expired');
  if (taken) return new LicenseError('transfer_target_licensed', { licenseKey: toLicenseKey, pid });
  const isNewYear = now - license.transfers_since >= YEAR;
  const transfers = isNewYear ? 0 : license.transfers;
  if (transfers >= limit) {
    return limit === 0
      ? new LicenseError('transfer_not_allowed', { pid })
      : new LicenseError('transfer_limit', { limit, day: isoDay(license.transfers_since + YEAR) });
  }
  if (isNewYear) license.transfers_since = now;
  license.transfers = transfers + 1;
  license.license_key = toLicenseKey;
  if (license.state === 'released') license.state = 'active';
  license.device_jkt = null;
  license.fingerprint = null;
  license.rebinds = 0;
  license.rebinds_since = now;
  return { license, fromLicenseKey, toLicenseKey, at: now };
}

const MOVED = {
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

/** Writes moves, and where from, so that the devices there are told. */
export async function storeMoves(db: Kysely<Schema>, moves: readonly Move[]): Promise<void> {
  if (moves.length === 0) return;
  const licenses = moves.map(({ license }) => license);
  if (moves.length > 1) {
    // One may take the LicenseKey that another leaves in the same statement, and the order of rows is the engine's:
    // meanwhile each has a name that no LicenseKey can be.
    await storeLicenses(
      db,
      { license_key: 'text' },
      licenses.map((license) => ({ ...license, license_key: ` ${license.license}` })),
    );
  }
  await storeLicenses(db, { license_key: 'text', ...MOVED }, licenses);
  // By the last move from a LicenseKey: only that one counts.
  const rows = new Map(
    moves.map(({ license: { app_id, pid, license }, fromLicenseKey, toLicenseKey, at }) => [
      `${license} ${fromLicenseKey}`,
      { app_id, pid, from_license_key: fromLicenseKey, license, to_license_key: toLicenseKey, at },
    ]),
  );
  await db
    .insertInto('transfer')
    .columns(columnNames(TRANSFERRED))
    .expression(selectRows<TransferTable>(db, TRANSFERRED, [...rows.values()]))
    .onConflict((conflict) =>
      conflict.columns(['app_id', 'pid', 'from_license_key', 'license']).doUpdateSet(({ ref }) => ({
        to_license_key: ref('excluded.to_license_key'),
        at: ref('excluded.at'),
      })),
    )
    .execute();
}
