import type { Bilingual } from '#core/errors.ts';
import type { SqliteDatabase } from '#core/host/sqlite.ts';
import { parseShape } from '#core/shapes.ts';
import { type LicenseId, LicenseRow } from './schema.ts';
import type { Use } from './use.ts';

const LICENSE_ROW: Bilingual = { en: 'license row', zh: '许可证记录' };
/** Other licenses that are looked at to recognise a store which came from another device. */
const MOST_OTHERS = 20;

/** What is held of each license: answers as JSON text, not yet believed. */
export class LicenseRows {
  readonly #use: Use;

  constructor(use: Use) {
    this.#use = use;
  }

  /** @throws `document_malformed` where a row is not of its shape */
  read({ appId, pid, licenseKey }: LicenseId): LicenseRow | undefined {
    const row = this.#use((database) =>
      database
        .prepare(
          'SELECT answer, denial, departed FROM license WHERE app_id = ? AND pid = ? AND license_key = ?',
        )
        .get(appId, pid, licenseKey),
    );
    return row === undefined ? undefined : parseShape(LicenseRow, row, 'document_malformed', LICENSE_ROW);
  }

  /** Answers of some other licenses: a store that came from another device is recognised by them. */
  others({ appId, pid, licenseKey }: LicenseId): string[] {
    return this.#use((database) =>
      database
        .prepare<string[], string>(
          `SELECT answer FROM license
           WHERE answer IS NOT NULL AND NOT (app_id = ? AND pid = ? AND license_key = ?) LIMIT ${MOST_OTHERS}`,
        )
        .pluck()
        .all(appId, pid, licenseKey),
    );
  }
}

/** Puts a row in the place of what is held; within a transaction. */
export function writeLicense(database: SqliteDatabase, id: LicenseId, row: LicenseRow): void {
  database
    .prepare(
      `INSERT INTO license (app_id, pid, license_key, answer, denial, departed)
       VALUES (@appId, @pid, @licenseKey, @answer, @denial, @departed)
       ON CONFLICT DO UPDATE SET answer = excluded.answer, denial = excluded.denial, departed = excluded.departed`,
    )
    .run({ appId: id.appId, pid: id.pid, licenseKey: id.licenseKey, ...row });
}
