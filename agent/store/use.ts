import type { SqliteDatabase } from '#core/host/sqlite.ts';

/** Does work on the database, and again on a new one where the file turns out damaged in the middle of it. */
export type Use = <T>(work: (database: SqliteDatabase) => T) => T;
