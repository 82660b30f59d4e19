import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type * as Type from 'typebox';
import type { EpochSeconds } from '#core/clock.ts';
import { RootSuccession } from '#core/documents/root-succession.ts';
import { type SqliteDatabase, translating } from '#core/host/sqlite.ts';
import { shapeProblem } from '#core/shapes.ts';
import { ClockMark } from '../trusted-time.ts';
import { Contacts } from './contacts.ts';
import { LicenseRows, writeLicense } from './license-rows.ts';
import { deleteMember, Members } from './members.ts';
import { Meters, raiseMeter } from './meters.ts';
import {
  inspectDatabase,
  isDamage,
  isDiskUnwritable,
  openCopy,
  openDatabase,
  removeCopy,
  startAnew,
} from './open-database.ts';
import { deleteActivations, deletePending, PendingRequests } from './pending-requests.ts';
import type { LicenseId, LicenseRow } from './schema.ts';
import type { Use } from './use.ts';

/** What accepted answers of one server change; all of it or nothing. */
export interface AcceptedChanges {
  readonly serverId: string;
  /** The certificate of the highest serial, theirs or the one that was there. */
  readonly certificate: string;
  readonly serial: number;
  readonly mark: ClockMark;
  /** What leads to the newest vendor roots that are known. */
  readonly rootSuccession: RootSuccession;
  readonly answers: readonly AcceptedChange[];
}

export interface AcceptedChange {
  readonly id: LicenseId;
  /** The request that it answers. */
  readonly jti: string;
  /** What is held from now on; undefined where the answer concerned the request alone. */
  readonly held?: LicenseRow | undefined;
  /** A license that was held for another device and was given up here. */
  readonly isGone: boolean;
  /** What the server knows that this device counted: a meter that was set back goes on from there. */
  readonly minutes: number;
}

export interface OpenStoreOptions {
  /** Where a copy goes while the disk of the store takes no writes. */
  readonly copy?: string;
}

/**
 * The agent's store, agent.db: one SQLite file. The disk is not trusted: rows are parsed by shape here, and the
 * documents in them are verified by whoever reads them. A file that turns out damaged is moved aside and a new
 * one started, which remembers it.
 */
export class AgentStore {
  readonly file: string;
  /** Whether it is a copy that is worked on, since the disk takes no writes. */
  readonly isCopy: boolean;
  readonly licenses: LicenseRows;
  readonly pending: PendingRequests;
  readonly contacts: Contacts;
  readonly members: Members;
  readonly meters: Meters;
  readonly #readonly: boolean;
  readonly #now: () => EpochSeconds;
  #database: SqliteDatabase;

  private constructor(
    file: string,
    database: SqliteDatabase,
    readonly: boolean,
    now: () => EpochSeconds,
    isCopy = false,
  ) {
    this.file = file;
    this.isCopy = isCopy;
    this.#database = database;
    this.#readonly = readonly;
    this.#now = now;
    this.licenses = new LicenseRows(this.#use);
    this.pending = new PendingRequests(this.#use);
    this.contacts = new Contacts(this.#use);
    this.members = new Members(this.#use);
    this.meters = new Meters(this.#use);
  }

  /**
   * Opens the daemon's store, makes it where it is missing, starts anew where it is damaged, and goes on with a copy
   * where the disk is read-only or full.
   *
   * @throws `store_newer`, `store_unreadable`, `store_busy`; `store_unwritable`, `store_full` where nothing takes a copy
   */
  static open(file: string, now: () => EpochSeconds, { copy }: OpenStoreOptions = {}): AgentStore {
    try {
      // Looked at before it is opened for writing, so that the store of a newer program is not touched.
      inspectDatabase(file)?.close();
      const store = new AgentStore(file, openDatabase(file), false, now);
      if (copy !== undefined) removeCopy(copy);
      return store;
    } catch (thrown) {
      if (copy !== undefined && isDiskUnwritable(file, thrown))
        return new AgentStore(file, openCopy(file, copy), false, now, true);
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
    try {
      const database = inspectDatabase(file);
      return database && new AgentStore(file, database, true, () => 0);
    } catch (thrown) {
      // SQLite reads a write-ahead log only where it can write beside it.
      if (!isDiskUnwritable(file, thrown)) throw thrown;
      const folder = mkdtempSync(join(tmpdir(), 'license-agent-'));
      const copy = openCopy(file, join(folder, 'agent.db'));
      // What is open stays readable, and nobody finds it later.
      rmSync(folder, { recursive: true });
      return new AgentStore(file, copy, true, () => 0, true);
    }
  }

  close(): void {
    this.#database.close();
  }

  /** When a damaged store was moved aside and nothing is held since. */
  get damagedAt(): EpochSeconds | undefined {
    const at = this.#device('damaged_at');
    return typeof at === 'number' ? at : undefined;
  }

  /** The persisted clock mark; undefined where there is none that can be used. */
  get clockMark(): ClockMark | undefined {
    const text = this.#device('clock_mark');
    return typeof text === 'string' ? readJson(ClockMark, text) : undefined;
  }

  /** How the vendor root was replaced, as it stands on the disk; for adoptSuccession, which verifies it. */
  get rootSuccession(): RootSuccession {
    const text = this.#device('root_succession');
    return (typeof text === 'string' && readJson(RootSuccession, text)) || [];
  }

  saveRootSuccession(rootSuccession: RootSuccession): void {
    this.#use((database) => writeRootSuccession(database, rootSuccession));
  }

  saveClockMark(mark: ClockMark): void {
    this.#use((database) => writeMark(database, mark));
  }

  /** The certificate of the highest serial seen of a server, not verified; undefined where there is none. */
  highestCertificate(serverId: string): string | undefined {
    const certificate = this.#use((database) =>
      database.prepare('SELECT certificate FROM issuer WHERE server_id = ?').pluck().get(serverId),
    );
    return typeof certificate === 'string' ? certificate : undefined;
  }

  /** Stores accepted answers with all that follows from them, in one transaction. */
  accept({ serverId, certificate, serial, mark, rootSuccession, answers }: AcceptedChanges): void {
    this.#use((database) =>
      database.transaction(() => {
        for (const { id, held, isGone, minutes } of answers) {
          raiseMeter(database, id, minutes * 60);
          if (isGone) deleteMember(database, id);
          else if (held !== undefined) writeLicense(database, id, held);
        }
        // What was known before an activation that got no answer; its repetition would bring that back.
        for (const { id, jti, held } of answers) if (held !== undefined) deleteActivations(database, id, jti);
        if (answers.some(({ held }) => held !== undefined))
          database.exec('UPDATE device SET damaged_at = NULL WHERE id = 1');
        database
          .prepare(
            `INSERT INTO issuer (server_id, highest_serial, certificate) VALUES (?, ?, ?)
             ON CONFLICT DO UPDATE SET highest_serial = excluded.highest_serial, certificate = excluded.certificate`,
          )
          .run(serverId, serial, certificate);
        writeMark(database, mark);
        writeRootSuccession(database, rootSuccession);
        deletePending(
          database,
          answers.map(({ jti }) => jti),
        );
      })(),
    );
  }

  #device(column: 'clock_mark' | 'damaged_at' | 'root_succession'): unknown {
    return this.#use((database) =>
      database.prepare(`SELECT ${column} FROM device WHERE id = 1`).pluck().get(),
    );
  }

  readonly #use: Use = (work) => {
    try {
      return translating(this.file, () => work(this.#database));
    } catch (thrown) {
      if (this.#readonly || !isDamage(thrown)) throw thrown;
      this.#database.close();
      this.#database = startAnew(this.file, this.#now());
      return translating(this.file, () => work(this.#database));
    }
  };
}

function writeMark(database: SqliteDatabase, mark: ClockMark): void {
  database.prepare('UPDATE device SET clock_mark = ? WHERE id = 1').run(JSON.stringify(mark));
}

function writeRootSuccession(database: SqliteDatabase, rootSuccession: RootSuccession): void {
  const text = rootSuccession.length === 0 ? null : JSON.stringify(rootSuccession);
  database
    .prepare('UPDATE device SET root_succession = @text WHERE id = 1 AND root_succession IS NOT @text')
    .run({ text });
}

function readJson<S extends Type.TSchema>(schema: S, text: string): Type.Static<S> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return shapeProblem(schema, value) === undefined ? (value as Type.Static<S>) : undefined;
  } catch {
    return undefined;
  }
}
