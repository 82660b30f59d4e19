import { accessSync, constants } from 'node:fs';
import { CompiledQuery, Kysely, PostgresDialect, type PostgresPool, sql } from 'kysely';
import { Pool, type PoolConfig, types } from 'pg';
import Cursor from 'pg-cursor';
import { type Bilingual, type ErrorDetail, LicenseError } from '#core/errors.ts';
import { codeOf, reasonOf } from '#core/host/reason.ts';
import type { Engine } from './engine.ts';
import type { Schema } from './schema.ts';
import { translateFaults } from './translate-faults.ts';

/** How long a connection may take, and a write may wait for another server's, in milliseconds. */
const CONNECT_MS = 5_000;
const LOCK_MS = 5_000;
const WRITERS = 4;
const READERS = 8;

/**
 * Held by whoever writes, until the commit: the servers that share a database write one after the other, as the
 * processes that share a SQLite file do. A batch is one transaction, so they lose little by it. The number is
 * ours alone ("LICENSE" as text).
 */
const WRITER_LOCK = 0x4c_49_43_45_4e_53_45n;

const BEGIN = CompiledQuery.raw('begin');

/** Counts, ids and seconds all fit a double; pg hands 64-bit integers and sums over as text. */
const NUMBERS: readonly number[] = [types.builtins.INT8, types.builtins.NUMERIC];

/** The store in a PostgreSQL database, which several servers may share. */
export function postgresEngine(url: string): Engine {
  const place = placeOf(url);
  // An answer leaves only after its commit is durable, whatever the database's own default is.
  const writer = postgresKysely(url, WRITERS, {
    options: `-c synchronous_commit=on -c lock_timeout=${LOCK_MS}`,
  });
  const reader = postgresKysely(url, READERS, { options: '-c default_transaction_read_only=on' });
  return {
    name: 'postgres',
    place,
    writer,
    reader,
    async exists() {
      const { rows: settings } = await sql<{ server_encoding: string }>`show server_encoding`.execute(reader);
      const encoding = settings[0]?.server_encoding ?? '';
      if (encoding !== 'UTF8') throw new LicenseError('database_encoding', { where: place, encoding });
      const { rows } = await sql<{
        found: boolean;
      }>`select to_regclass('company') is not null as found`.execute(reader);
      return rows[0]?.found === true;
    },
    async begin(connection) {
      await connection.executeQuery(BEGIN);
      await sql`select pg_advisory_xact_lock(${sql.raw(String(WRITER_LOCK))})`.execute(connection);
    },
    async close() {
      await reader.destroy();
      await writer.destroy();
    },
  };
}

function postgresKysely(url: string, max: number, config: PoolConfig): Kysely<Schema> {
  const pool = new Pool({
    connectionString: url,
    max,
    connectionTimeoutMillis: CONNECT_MS,
    application_name: 'license-server',
    types: {
      getTypeParser: (oid, format) => (NUMBERS.includes(oid) ? Number : types.getTypeParser(oid, format)),
    },
    ...config,
  });
  // A connection that breaks between two queries is found out by the next one; unheard, it would end the process.
  pool.on('error', () => {});
  pool.on('connect', (client) => client.on('error', () => {}));
  const dialect = new PostgresDialect({ pool: pool as PostgresPool, cursor: Cursor });
  return new Kysely<Schema>({
    dialect: translateFaults(dialect, (cause) => postgresError(placeOf(url), cause)),
  });
}

const NOT_A_URL: Bilingual = {
  en: 'is not postgres://user:password@host:5432/name; signs such as / @ # in a password are percent-encoded, a unix socket is postgres://localhost/name?host=/folder&user=name; options= is not taken',
  zh: '格式应为 postgres://user:password@host:5432/name；密码中的 / @ # 等字符须百分号编码；Unix 套接字写作 postgres://localhost/name?host=/folder&user=name；不接受 options=',
};

/**
 * Host and database of a URL; user and password are nobody's business in a message.
 *
 * @throws `config_invalid` where it is no such URL, or a password that was not encoded would be taken for a part of it
 */
function placeOf(url: string): string {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  const plain = parsed !== undefined && parsed.host !== '' && /^\/[^/@]+$/.test(parsed.pathname);
  // Options of the URL would take the place of ours, which make a commit durable and a reader read.
  if (!plain || parsed.searchParams.has('options'))
    throw new LicenseError('config_invalid', { file: '', key: 'database', problem: NOT_A_URL });
  for (const name of ['sslrootcert', 'sslcert', 'sslkey']) {
    const file = parsed.searchParams.get(name);
    if (file !== null) requireReadable(name, file);
  }
  return `postgres://${parsed.host}${parsed.pathname}`;
}

/** pg itself tells of a missing file without saying where its name stands. */
function requireReadable(name: string, file: string): void {
  try {
    accessSync(file, constants.R_OK);
  } catch (cause) {
    const { en, zh } = reasonOf(cause);
    const problem = { en: `${name}=${file}: ${en}`, zh: `${name}=${file}：${zh}` };
    throw new LicenseError('config_invalid', { file: '', key: 'database', problem }, { cause });
  }
}

/** SQLSTATEs (PostgreSQL, Appendix A) and socket errors by what they mean to an operator. */
const FAULTS: readonly [RegExp, (file: string, problem: Bilingual) => [ErrorCodeOfStore, ErrorDetail]][] = [
  [/^53100$/, () => ['store_full', {}]],
  [/^(55P03|57014|40001|40P01)$/, (file) => ['store_busy', { file }]],
  [/^XX00[12]$/, (file, problem) => ['store_damaged', { file, problem }]],
  [/^(25006|42501)$/, (file, problem) => ['store_unwritable', { file, problem }]],
  [
    /^(08|28|3D|53|57P)|^E[A-Z_]+$|^(UNABLE_TO|CERT|SELF_SIGNED|DEPTH_ZERO|ERR_TLS|ERR_SSL)_/,
    (file, problem) => ['store_unreachable', { file, problem }],
  ],
];
type ErrorCodeOfStore =
  | 'store_full'
  | 'store_busy'
  | 'store_damaged'
  | 'store_unwritable'
  | 'store_unreachable';

const NO_PASSWORD: Bilingual = {
  en: 'it asks for a password, and none was given',
  zh: '需要密码，但未提供',
};

/** The LicenseError of a fault of PostgreSQL or of the way to it. */
function postgresError(place: string, cause: unknown): LicenseError | undefined {
  if (!(cause instanceof Error)) return undefined;
  // pg gives a connection that ended or timed out no code of its own.
  const lost =
    /^(Connection terminated|timeout expired|timeout exceeded|Client has encountered|The server does not support SSL|SASL)/.test(
      cause.message,
    );
  const code = lost ? 'ECONNRESET' : (codeOf(cause) ?? '');
  const [, translate] = FAULTS.find(([pattern]) => pattern.test(code)) ?? [];
  if (translate === undefined) return undefined;
  return new LicenseError(...translate(place, /^SASL/.test(cause.message) ? NO_PASSWORD : reasonOf(cause)), {
    cause,
  });
}
