import type { SqliteDatabase } from '#core/host/sqlite.ts';
import { LicenseKey, shapeProblem } from '#core/shapes.ts';
import type { LicenseId } from './schema.ts';
import type { Use } from './use.ts';

/** Whose licenses they are: those of one enrollment. */
export type MemberScope = Pick<LicenseId, 'appId' | 'pid'>;

export interface Member {
  readonly licenseKey: string;
  /** When its refresh is due, by trusted time; null where it had no contact yet. */
  readonly nextAt: number | null;
}

/** The licenses that this agent holds for devices which cannot run one. */
export class Members {
  readonly #use: Use;

  constructor(use: Use) {
    this.#use = use;
  }

  all({ appId, pid }: MemberScope): Member[] {
    const rows = this.#use((database) =>
      database
        .prepare<string[], Member>(
          `SELECT member.license_key AS licenseKey, contact.next_at AS nextAt
           FROM member LEFT JOIN contact USING (app_id, pid, license_key)
           WHERE member.app_id = ? AND member.pid = ?`,
        )
        .all(appId, pid),
    );
    return rows.filter(({ licenseKey }) => shapeProblem(LicenseKey, licenseKey) === undefined);
  }

  has({ appId, pid, licenseKey }: LicenseId): boolean {
    return this.#use(
      (database) =>
        database
          .prepare('SELECT 1 FROM member WHERE app_id = ? AND pid = ? AND license_key = ?')
          .get(appId, pid, licenseKey) !== undefined,
    );
  }

  count({ appId, pid }: MemberScope): number {
    return this.#use((database) =>
      Number(
        database.prepare('SELECT count(*) FROM member WHERE app_id = ? AND pid = ?').pluck().get(appId, pid),
      ),
    );
  }

  /** A page of them in order of their LicenseKeys. */
  page({ appId, pid }: MemberScope, after: string, size: number): string[] {
    const rows = this.#use((database) =>
      database
        .prepare<unknown[], string>(
          'SELECT license_key FROM member WHERE app_id = ? AND pid = ? AND license_key > ? ORDER BY license_key LIMIT ?',
        )
        .pluck()
        .all(appId, pid, after, size),
    );
    return rows.filter((licenseKey) => shapeProblem(LicenseKey, licenseKey) === undefined);
  }

  add({ appId, pid }: MemberScope, licenseKeys: readonly string[]): void {
    this.#use((database) =>
      database.transaction(() => {
        const statement = database.prepare('INSERT INTO member VALUES (?, ?, ?) ON CONFLICT DO NOTHING');
        for (const licenseKey of licenseKeys) statement.run(appId, pid, licenseKey);
      })(),
    );
  }
}

/** Takes a license out, with all that is stored of it but its meter, which still counts; within a transaction. */
export function deleteMember(database: SqliteDatabase, { appId, pid, licenseKey }: LicenseId): void {
  for (const table of ['member', 'license', 'contact', 'pending_request'])
    database
      .prepare(`DELETE FROM ${table} WHERE app_id = ? AND pid = ? AND license_key = ?`)
      .run(appId, pid, licenseKey);
}
