import type { Kysely } from 'kysely';
import type { Schema } from './schema.ts';

/**
 * What differs between the two databases that a store may lie in; everything above it is the same code. Faults of
 * the database come as LicenseErrors from every query.
 */
export interface Engine {
  readonly name: EngineName;
  /** Where the store lies, for people: never with a password. */
  readonly place: string;
  /** Queries of those who change something. */
  readonly writer: Kysely<Schema>;
  /** Reads beside the writer, on connections that cannot write. */
  readonly reader: Kysely<Schema>;
  /** Whether anything of a store is there, so that an empty one is not taken for it. */
  exists(): Promise<boolean>;
  /**
   * Begins a transaction as the one writer of the store, whichever process or server the others are in: what a
   * transaction reads stays true until it commits.
   */
  begin(connection: Kysely<Schema>): Promise<void>;
  /** Copies the store as it stands at the end into a new file; absent where the database has its own means. */
  backup?(file: string): Promise<void>;
  close(): Promise<void>;
}

export type EngineName = 'sqlite' | 'postgres';
