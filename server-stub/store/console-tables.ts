import type { Generated } from 'kysely';

/** A person who signs in to the Console. */
export interface ConsoleUserTable {
  user_id: string;
  /** In one spelling: NFKC, lower case. */
  name: string;
  role: 'admin' | 'operator' | 'viewer';
  /** The one company that the person sees; null: all. */
  cid: string | null;
  /** PHC string of argon2id. */
  password_hash: string;
  /** 0 | 1: whether the next sign-in chooses another password. */
  must_change: number;
  /** Base32, of the second factor (RFC 6238); null: none. */
  totp_secret: string | null;
  /** The last time step whose code was taken: none is taken twice. */
  totp_step: Generated<number>;
  /** Wrong passwords and codes since the last right one. */
  failures: Generated<number>;
  locked_until: Generated<number>;
  created_at: number;
  disabled_at: number | null;
  signed_in_at: number | null;
}

/** Where a person is signed in. */
export interface ConsoleSessionTable {
  /** SHA-256 of the cookie's 256 random bits, hex. */
  token_hash: string;
  user_id: string;
  created_at: number;
  seen_at: number;
  expires_at: number;
}

/** A change of many licenses at once: gathered, looked at by a person, carried out piece by piece. */
export interface BulkChangeTable {
  bulk_id: string;
  /** Whose licenses alone may be in it; null: any. */
  cid: string | null;
  /** Of the person who wished it. */
  user_name: string;
  verb: string;
  /** JSON of what holds for all of them. */
  wish: string;
  /** JSON of where they come from. */
  source: string;
  /** How far it is gathered, or carried out. */
  place: Generated<string>;
  state: 'gathering' | 'ready' | 'running' | 'ended' | 'cancelled';
  /** Counts of its items by outcome. */
  fits: Generated<number>;
  same: Generated<number>;
  refused: Generated<number>;
  changed: Generated<number>;
  failed: Generated<number>;
  created_at: number;
  ended_at: number | null;
}

/** One license of it, as it was named. */
export interface BulkItemTable {
  bulk_id: string;
  position: number;
  name: string;
  license: string | null;
  /** JSON of what holds for this one. */
  wish: string;
  /** Before it is carried out `fits`: it may be; `same`: it is so already; `refused`. After: `changed`, `same`, `failed`. */
  outcome: 'fits' | 'same' | 'refused' | 'changed' | 'failed';
  /** JSON: code and detail of a refusal. */
  problem: string | null;
  /** JSON of what it was before, where that can be undone. */
  before: string | null;
}
