import * as Type from 'typebox';
import type { EpochSeconds } from '#core/clock.ts';
import type { SqliteDatabase } from '#core/host/sqlite.ts';
import { shapeProblem } from '#core/shapes.ts';
import { writeLicense } from './license-rows.ts';
import { type LicenseId, type LicenseRow, PendingRequest, REQUEST_SECONDS } from './schema.ts';
import type { Use } from './use.ts';

/** What is written with new requests, before they are sent. */
export interface NewRequests {
  readonly requests: readonly PendingRequest[];
  /** Earlier requests whose answers are no longer waited for. */
  readonly replaced: readonly string[];
  /** What is held from now on, where a request gives it up. */
  readonly rows: readonly (readonly [LicenseId, LicenseRow])[];
}

const MAX_COUNTER = Number.MAX_SAFE_INTEGER - 100_000;
const RequestCounter = Type.Integer({ minimum: 0, maximum: MAX_COUNTER });
/** File requests of a license that wait. Source: protocol, Time. */
const MOST_FILES = 8;

const COLUMNS = `jti, app_id AS appId, pid, license_key AS licenseKey, purpose, channel, compact,
  boot_id AS bootId, uptime, made_at AS madeAt`;

/** Requests that an answer may come for. */
export class PendingRequests {
  readonly #use: Use;

  constructor(use: Use) {
    this.#use = use;
  }

  /**
   * Takes counters for so many requests, no two of which ever get the same: requests are made while others are. A
   * damaged one starts anew, which the server notes and nothing more.
   *
   * @returns the first of them
   */
  takeCounters(count: number): number {
    return this.#use((database) =>
      database.transaction(() => {
        const stored = database.prepare('SELECT request_counter FROM device WHERE id = 1').pluck().get();
        const first = shapeProblem(RequestCounter, stored) === undefined ? Number(stored) + 1 : 1;
        database
          .prepare(
            `INSERT INTO device (id, request_counter) VALUES (1, @last)
             ON CONFLICT DO UPDATE SET request_counter = excluded.request_counter`,
          )
          .run({ last: first + count - 1 });
        return first;
      })(),
    );
  }

  /**
   * Stores requests before they are sent.
   *
   * @param confirmed a time that surely has passed: a clock that went ahead ends no wait
   */
  add({ requests, replaced, rows }: NewRequests, confirmed: EpochSeconds): void {
    this.#use((database) =>
      database.transaction(() => {
        deletePending(database, replaced);
        const insert = database.prepare(
          `INSERT INTO pending_request
           (jti, app_id, pid, license_key, purpose, channel, compact, boot_id, uptime, made_at)
           VALUES (@jti, @appId, @pid, @licenseKey, @purpose, @channel, @compact, @bootId, @uptime, @madeAt)`,
        );
        for (const request of requests) insert.run(request);
        for (const [id, row] of rows) writeLicense(database, id, row);
        for (const request of requests)
          if (request.channel === 'file') removeOldFiles(database, request, confirmed);
      })(),
    );
  }

  of({ appId, pid, licenseKey }: LicenseId): PendingRequest[] {
    const rows = this.#use((database) =>
      database
        .prepare(
          `SELECT ${COLUMNS} FROM pending_request
           WHERE app_id = ? AND pid = ? AND license_key = ? ORDER BY rowid`,
        )
        .all(appId, pid, licenseKey),
    );
    return rows.filter(isRequest);
  }

  find(jti: string): PendingRequest | undefined {
    const row = this.#use((database) =>
      database.prepare(`SELECT ${COLUMNS} FROM pending_request WHERE jti = ?`).get(jti),
    );
    return isRequest(row) ? row : undefined;
  }

  remove(jtis: readonly string[]): void {
    if (jtis.length > 0) this.#use((database) => deletePending(database, jtis));
  }

  /**
   * Online requests end with the call, but those that change something at the server are made again under their jti.
   * Source: protocol, Time.
   */
  removeEndedCalls(): void {
    this.#use((database) =>
      database.exec(
        "DELETE FROM pending_request WHERE channel = 'online' AND purpose IN ('refresh', 'lease')",
      ),
    );
  }
}

/** Within a transaction or by itself. */
export function deletePending(database: SqliteDatabase, jtis: readonly string[]): void {
  const statement = database.prepare('DELETE FROM pending_request WHERE jti = ?');
  for (const jti of jtis) statement.run(jti);
}

/** Deletes activations of a license by the network that were asked for before another request; within a transaction. */
export function deleteActivations(
  database: SqliteDatabase,
  { appId, pid, licenseKey }: LicenseId,
  before: string,
): void {
  database
    .prepare(
      `DELETE FROM pending_request
       WHERE app_id = @appId AND pid = @pid AND license_key = @licenseKey AND channel = 'online' AND
         purpose = 'activate' AND rowid < (SELECT rowid FROM pending_request WHERE jti = @before)`,
    )
    .run({ appId, pid, licenseKey, before });
}

function removeOldFiles(
  database: SqliteDatabase,
  { appId, pid, licenseKey }: LicenseId,
  confirmed: EpochSeconds,
): void {
  database
    .prepare(
      `DELETE FROM pending_request
       WHERE app_id = @appId AND pid = @pid AND license_key = @licenseKey AND channel = 'file' AND
         (made_at < @oldest OR rowid NOT IN (
           SELECT rowid FROM pending_request
           WHERE app_id = @appId AND pid = @pid AND license_key = @licenseKey AND channel = 'file'
           ORDER BY rowid DESC LIMIT ${MOST_FILES}))`,
    )
    .run({ appId, pid, licenseKey, oldest: confirmed - REQUEST_SECONDS });
}

function isRequest(row: unknown): row is PendingRequest {
  return shapeProblem(PendingRequest, row) === undefined;
}
