import type { EpochSeconds } from '#core/clock.ts';
import { shapeProblem } from '#core/shapes.ts';
import { Contact, type LicenseId } from './schema.ts';
import type { Use } from './use.ts';

/** How the last contact for each license ended, and when the next is due. */
export class Contacts {
  readonly #use: Use;

  constructor(use: Use) {
    this.#use = use;
  }

  of({ appId, pid, licenseKey }: LicenseId): Contact | undefined {
    const row = this.#use((database) =>
      database
        .prepare(
          `SELECT contacted_at AS at, outcome, server_url AS serverUrl FROM contact
           WHERE app_id = ? AND pid = ? AND license_key = ?`,
        )
        .get(appId, pid, licenseKey),
    );
    return shapeProblem(Contact, row) === undefined ? (row as Contact) : undefined;
  }

  /** Notes how contacts ended; the server that answered before is kept where none did now. */
  save(contacts: readonly (readonly [LicenseId, Contact])[]): void {
    this.#use((database) =>
      database.transaction(() => {
        const statement = database.prepare(
          `INSERT INTO contact (app_id, pid, license_key, contacted_at, outcome, server_url)
           VALUES (@appId, @pid, @licenseKey, @at, @outcome, @serverUrl)
           ON CONFLICT DO UPDATE SET contacted_at = excluded.contacted_at, outcome = excluded.outcome,
             server_url = coalesce(excluded.server_url, server_url)`,
        );
        for (const [{ appId, pid, licenseKey }, contact] of contacts)
          statement.run({ appId, pid, licenseKey, ...contact });
      })(),
    );
  }

  /** Notes when refreshes are due, by trusted time. */
  plan(times: readonly (readonly [LicenseId, EpochSeconds | undefined])[]): void {
    this.#use((database) =>
      database.transaction(() => {
        const statement = database.prepare(
          'UPDATE contact SET next_at = ? WHERE app_id = ? AND pid = ? AND license_key = ?',
        );
        for (const [{ appId, pid, licenseKey }, at] of times)
          statement.run(at ?? null, appId, pid, licenseKey);
      })(),
    );
  }
}
