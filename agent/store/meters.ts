import type { SqliteDatabase } from '#core/host/sqlite.ts';
import { newId } from '#core/ids.ts';
import { shapeProblem } from '#core/shapes.ts';
import { type LicenseId, MeterRow } from './schema.ts';
import type { Use } from './use.ts';

/** What this device counted of each license's use. Source: design, Agent "Meter". */
export class Meters {
  readonly #use: Use;

  constructor(use: Use) {
    this.#use = use;
  }

  of({ appId, pid, licenseKey }: LicenseId): MeterRow | undefined {
    const row = this.#use((database) =>
      database
        .prepare(
          'SELECT meter_id AS meterId, seconds FROM meter WHERE app_id = ? AND pid = ? AND license_key = ?',
        )
        .get(appId, pid, licenseKey),
    );
    return shapeProblem(MeterRow, row) === undefined ? (row as MeterRow) : undefined;
  }

  /** Adds seconds of use; a meter that is not there, or cannot be read, begins anew under another id. */
  add(counted: readonly (readonly [LicenseId, number])[]): void {
    this.#use((database) =>
      database.transaction(() => {
        const statement = database.prepare(
          `INSERT INTO meter (app_id, pid, license_key, meter_id, seconds) VALUES (@appId, @pid, @licenseKey, @meterId, @seconds)
           ON CONFLICT DO UPDATE SET
             meter_id = CASE WHEN seconds BETWEEN 0 AND ${MOST_SECONDS} THEN meter_id ELSE excluded.meter_id END,
             seconds = CASE WHEN seconds BETWEEN 0 AND ${MOST_SECONDS} THEN seconds + excluded.seconds ELSE excluded.seconds END`,
        );
        for (const [{ appId, pid, licenseKey }, seconds] of counted)
          statement.run({ appId, pid, licenseKey, meterId: newId(), seconds });
      })(),
    );
  }
}

/** Sets a meter forward to what was counted by it before; within a transaction. */
export function raiseMeter(
  database: SqliteDatabase,
  { appId, pid, licenseKey }: LicenseId,
  seconds: number,
): void {
  database
    .prepare(
      `UPDATE meter SET seconds = @seconds
       WHERE app_id = @appId AND pid = @pid AND license_key = @licenseKey AND seconds < @seconds`,
    )
    .run({ appId, pid, licenseKey, seconds });
}

/** Three hundred years. */
const MOST_SECONDS = 10_000_000_000;
