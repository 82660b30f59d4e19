import { existsSync, renameSync, statSync } from 'node:fs';
import * as Type from 'typebox';
import type { EpochSeconds } from '#core/clock.ts';
import { type Bilingual, LicenseError } from '#core/errors.ts';
import { asQuoted, codeOf, reasonOf } from '#core/host/reason.ts';
import {
  migrate,
  openSqlite,
  requireKnownSchema,
  type SqliteDatabase,
  translating,
} from '#core/host/sqlite.ts';
import { parseShape, shapeProblem } from '#core/shapes.ts';
import { Contact, type LicenseId, LicenseRow, migrations, PendingRequest } from './store-schema.ts';
import { ClockMark } from './trusted-time.ts';

/** What one accepted answer changes; all of it or nothing. */
export interface AcceptedChange {
  readonly id: LicenseId;
  /** The request that it answers. */
  readonly jti: string;
  readonly serverId: string;
  readonly serial: number;
  readonly mark: ClockMark;
  /** What is held from now on; undefined where the answer concerned the request alone. */
  readonly held?: LicenseRow | undefined;
}

const LICENSE_ROW: Bilingual = { en: 'license row', zh: '许可证记录' };
const MAX_COUNTER = Number.MAX_SAFE_INTEGER - 1;
const RequestCounter = Type.Integer({ minimum: 0, maximum: MAX_COUNTER });

/**
 * The agent's store, agent.db: one SQLite file. The disk is not trusted: rows are parsed by shape here, and the
 * documents in them are verified by whoever reads them. A file that turns out damaged is moved aside and a new
 * one started, which remembers it.
 */
export class AgentStore {
  readonly file: string;
  readonly #readonly: boolean;
  readonly #now: () => EpochSeconds;
  #database: SqliteDatabase;

  private constructor(file: string, database: SqliteDatabase, readonly: boolean, now: () => EpochSeconds) {
    this.file = file;
    this.#database = database;
    this.#readonly = readonly;
    this.#now = now;
  }

  /**
   * Opens the daemon's store, makes it where it is missing, starts anew where it is damaged.
   *
   * @throws `store_newer`, `store_unwritable`, `store_unreadable`, `store_full`, `store_busy`
   */
  static open(file: string, now: () => EpochSeconds): AgentStore {
    try {
      // Looked at before it is opened for writing, so that the store of a newer program is not touched.
      inspect(file)?.close();
      return new AgentStore(file, openMigrated(file), false, now);
    } catch (thrown) {
      if (!isDamage(thrown)) throw thrown;
      return new AgentStore(file, startAnew(file, now()), false, now);
    }
  }

  /**
   * Opens the store to look at it while no daemon runs; undefined where there is none.
   *
   * @throws `store_damaged`, `store_newer`, `store_unreadable`
   */
  static openReadonly(file: string): AgentStore | undefined {
    const database = inspect(file);
    return database && new AgentStore(file, database, true, () => 0);
  }

  close(): void {
    this.#database.close();
  }

  /** The stored answers of a license. */
  license({ appId, pid, licenseKey }: LicenseId): LicenseRow | undefined {
    const row = this.#use((database) =>
      database
        .prepare('SELECT answer, denial FROM license WHERE app_id = ? AND pid = ? AND license_key = ?')
        .get(appId, pid, licenseKey),
    );
    return row === undefined ? undefined : parseShape(LicenseRow, row, 'document_malformed', LICENSE_ROW);
  }

  /** Answers of all other licenses: a store that came from another device is recognised by them. */
  otherAnswers({ appId, pid, licenseKey }: LicenseId): string[] {
    return this.#use((database) =>
      database
        .prepare<string[], string>(
          `SELECT answer FROM license
           WHERE answer IS NOT NULL AND NOT (app_id = ? AND pid = ? AND license_key = ?)`,
        )
        .pluck()
        .all(appId, pid, licenseKey),
    );
  }

  /** When a damaged store was moved aside and nothing is held since. */
  get damagedAt(): EpochSeconds | undefined {
    const at = this.#device<number | null>('damaged_at');
    return typeof at === 'number' ? at : undefined;
  }

  /** The persisted clock mark; undefined where there is none that can be used. */
  get clockMark(): ClockMark | undefined {
    const text = this.#device<string | null>('clock_mark');
    return typeof text === 'string' ? readJson(ClockMark, text) : undefined;
  }

  saveClockMark(mark: ClockMark): void {
    this.#use((database) =>
      database.prepare('UPDATE device SET clock_mark = ? WHERE id = 1').run(JSON.stringify(mark)),
    );
  }

  /**
   * Raises the request counter and stores the request that is made with it, before it is sent.
   *
   * @param replaces an earlier request whose answer is no longer waited for
   */
  async addPending(
    make: (counter: number) => Promise<PendingRequest>,
    replaces?: string,
  ): Promise<PendingRequest> {
    const stored = this.#device<unknown>('request_counter');
    // A damaged counter starts anew, which the server notes and nothing more; no request would be none.
    const counter = shapeProblem(RequestCounter, stored) === undefined ? Number(stored) + 1 : 1;
    const request = await make(counter);
    this.#use((database) =>
      database.transaction(() => {
        database
          .prepare(
            `INSERT INTO device (id, request_counter) VALUES (1, ?) ON CONFLICT DO UPDATE SET request_counter =
               CASE WHEN request_counter BETWEEN 0 AND ${MAX_COUNTER}
                 THEN max(request_counter + 1, excluded.request_counter) ELSE excluded.request_counter END`,
          )
          .run(counter);
        if (replaces !== undefined) deletePending(database, replaces);
        database
          .prepare(
            `INSERT INTO pending_request
             (jti, app_id, pid, license_key, purpose, channel, compact, boot_id, uptime, made_at)
             VALUES (@jti, @appId, @pid, @licenseKey, @purpose, @channel, @compact, @bootId, @uptime, @madeAt)`,
          )
          .run(request);
      })(),
    );
    return request;
  }

  pending({ appId, pid, licenseKey }: LicenseId): PendingRequest[] {
    const rows = this.#use((database) =>
      database
        .prepare(
          `SELECT jti, app_id AS appId, pid, license_key AS licenseKey, purpose, channel, compact,
             boot_id AS bootId, uptime, made_at AS madeAt
           FROM pending_request WHERE app_id = ? AND pid = ? AND license_key = ? ORDER BY rowid`,
        )
        .all(appId, pid, licenseKey),
    );
    return rows.filter((row): row is PendingRequest => shapeProblem(PendingRequest, row) === undefined);
  }

  removePending(jti: string): void {
    this.#use((database) => deletePending(database, jti));
  }

  /** Online requests end with the call, except an activation. Source: protocol, Time. */
  removeEndedCalls(): void {
    this.#use((database) =>
      database.exec("DELETE FROM pending_request WHERE channel = 'online' AND purpose <> 'activate'"),
    );
  }

  /** The highest certificate serial seen of a server, 0 where none was. */
  highestSerial(serverId: string): number {
    const serial = this.#use((database) =>
      database.prepare('SELECT highest_serial FROM issuer WHERE server_id = ?').pluck().get(serverId),
    );
    return typeof serial === 'number' ? serial : 0;
  }

  /** Stores an accepted answer with all that follows from it, in one transaction. */
  accept({ id, jti, serverId, serial, mark, held }: AcceptedChange): void {
    this.#use((database) =>
      database.transaction(() => {
        if (held !== undefined) {
          database
            .prepare(
              `INSERT INTO license (app_id, pid, license_key, answer, denial)
               VALUES (@appId, @pid, @licenseKey, @answer, @denial)
               ON CONFLICT DO UPDATE SET answer = excluded.answer, denial = excluded.denial`,
            )
            .run({ ...id, ...held });
          database.exec('UPDATE device SET damaged_at = NULL WHERE id = 1');
        }
        database
          .prepare(
            `INSERT INTO issuer (server_id, highest_serial) VALUES (?, ?)
             ON CONFLICT DO UPDATE SET highest_serial = max(highest_serial, excluded.highest_serial)`,
          )
          .run(serverId, serial);
        database.prepare('UPDATE device SET clock_mark = ? WHERE id = 1').run(JSON.stringify(mark));
        deletePending(database, jti);
      })(),
    );
  }

  contact({ appId, pid, licenseKey }: LicenseId): Contact | undefined {
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

  /** Notes how a contact ended; the server that answered before is kept where none did now. */
  saveContact(id: LicenseId, contact: Contact): void {
    this.#use((database) =>
      database
        .prepare(
          `INSERT INTO contact (app_id, pid, license_key, contacted_at, outcome, server_url)
           VALUES (@appId, @pid, @licenseKey, @at, @outcome, @serverUrl)
           ON CONFLICT DO UPDATE SET contacted_at = excluded.contacted_at, outcome = excluded.outcome,
             server_url = coalesce(excluded.server_url, server_url)`,
        )
        .run({ ...id, ...contact }),
    );
  }

  #device<T>(column: 'request_counter' | 'clock_mark' | 'damaged_at'): T {
    return this.#use(
      (database) => database.prepare(`SELECT ${column} FROM device WHERE id = 1`).pluck().get() as T,
    );
  }

  /** Work on the database, done again on a new one where the file turns out damaged in the middle of it. */
  #use<T>(work: (database: SqliteDatabase) => T): T {
    try {
      return translating(this.file, () => work(this.#database));
    } catch (thrown) {
      if (this.#readonly || !isDamage(thrown)) throw thrown;
      this.#database.close();
      this.#database = startAnew(this.file, this.#now());
      return translating(this.file, () => work(this.#database));
    }
  }
}

/** Opens an existing store to look at it: schema known, structure sound. */
function inspect(file: string): SqliteDatabase | undefined {
  if (!isPresent(file)) return undefined;
  const database = openSqlite(file, { readonly: true });
  try {
    return translating(file, () => {
      const isMade = requireKnownSchema(database, migrations.length) > 0;
      const problem = database.pragma('quick_check(1)', { simple: true });
      if (problem !== 'ok')
        throw new LicenseError('store_damaged', { file, problem: asQuoted(String(problem)) });
      if (isMade) return database;
      database.close();
      return undefined;
    });
  } catch (thrown) {
    database.close();
    throw thrown;
  }
}

/** A folder that may not be looked into is something else than a store that is not there. */
function isPresent(file: string): boolean {
  try {
    statSync(file);
    return true;
  } catch (cause) {
    if (codeOf(cause) === 'ENOENT') return false;
    throw new LicenseError('store_unreadable', { file, problem: reasonOf(cause) }, { cause });
  }
}

function openMigrated(file: string): SqliteDatabase {
  const database = openSqlite(file);
  try {
    translating(file, () => migrate(database, migrations));
    return database;
  } catch (thrown) {
    database.close();
    throw thrown;
  }
}

function startAnew(file: string, now: EpochSeconds): SqliteDatabase {
  for (const suffix of ['', '-wal', '-shm']) {
    if (existsSync(file + suffix)) renameSync(file + suffix, `${file}.damaged-${now}${suffix}`);
  }
  const database = openMigrated(file);
  database.prepare('UPDATE device SET damaged_at = ? WHERE id = 1').run(now);
  return database;
}

function deletePending(database: SqliteDatabase, jti: string): void {
  database.prepare('DELETE FROM pending_request WHERE jti = ?').run(jti);
}

function isDamage(thrown: unknown): boolean {
  return thrown instanceof LicenseError && thrown.code === 'store_damaged';
}

function readJson<S extends Type.TSchema>(schema: S, text: string): Type.Static<S> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return shapeProblem(schema, value) === undefined ? (value as Type.Static<S>) : undefined;
  } catch {
    return undefined;
  }
}
