import * as Type from 'typebox';
import { Purpose } from '#core/documents/license-request.ts';
import { AppId, Epoch, Id, LicenseKey } from '#core/shapes.ts';

/** `migrations[n]` leads from `user_version` n to n + 1. */
export const migrations: readonly string[] = [
  `
  CREATE TABLE device (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    -- Rises with every request of this device key.
    request_counter INTEGER NOT NULL,
    clock_mark TEXT,
    -- When a damaged store was moved aside, until a license is held again.
    damaged_at INTEGER
  ) STRICT;
  INSERT INTO device (id, request_counter) VALUES (1, 0);

  CREATE TABLE license (
    app_id TEXT NOT NULL,
    pid TEXT NOT NULL,
    license_key TEXT NOT NULL,
    -- The answers as JSON: the one that brought the token, and a later one that ended or suspended it.
    answer TEXT,
    denial TEXT,
    PRIMARY KEY (app_id, pid, license_key)
  ) STRICT;

  CREATE TABLE contact (
    app_id TEXT NOT NULL,
    pid TEXT NOT NULL,
    license_key TEXT NOT NULL,
    contacted_at INTEGER NOT NULL,
    outcome TEXT NOT NULL,
    server_url TEXT,
    PRIMARY KEY (app_id, pid, license_key)
  ) STRICT;

  CREATE TABLE pending_request (
    jti TEXT PRIMARY KEY,
    app_id TEXT NOT NULL,
    pid TEXT NOT NULL,
    license_key TEXT NOT NULL,
    purpose TEXT NOT NULL,
    channel TEXT NOT NULL,
    compact TEXT NOT NULL,
    boot_id TEXT NOT NULL,
    uptime INTEGER NOT NULL,
    made_at INTEGER NOT NULL
  ) STRICT;

  CREATE TABLE issuer (
    server_id TEXT PRIMARY KEY,
    highest_serial INTEGER NOT NULL
  ) STRICT;
  `,
  `
  -- What a person gave up here, until the server has answered: 'released' or 'transferred'.
  ALTER TABLE license ADD COLUMN departed TEXT;
  -- When the next refresh is due, by trusted time: 10,000 licenses are not all looked at to know.
  ALTER TABLE contact ADD COLUMN next_at INTEGER;
  CREATE INDEX pending_request_of ON pending_request (app_id, pid, license_key);

  -- Licenses that a gateway holds for devices that cannot run an agent.
  CREATE TABLE member (
    app_id TEXT NOT NULL,
    pid TEXT NOT NULL,
    license_key TEXT NOT NULL,
    PRIMARY KEY (app_id, pid, license_key)
  ) STRICT;

  CREATE TABLE meter (
    app_id TEXT NOT NULL,
    pid TEXT NOT NULL,
    license_key TEXT NOT NULL,
    -- At random: the meter of a store that was lost is another one.
    meter_id TEXT NOT NULL,
    seconds INTEGER NOT NULL,
    PRIMARY KEY (app_id, pid, license_key)
  ) STRICT;
  `,
  `
  -- How the vendor root was replaced since this device was made, as JSON.
  ALTER TABLE device ADD COLUMN root_succession TEXT;
  -- The certificate of the highest serial: a number that the disk altered would refuse every answer to come.
  ALTER TABLE issuer ADD COLUMN certificate TEXT;
  `,
];

/** Which license a row is about. */
export interface LicenseId {
  readonly appId: string;
  readonly pid: string;
  readonly licenseKey: string;
}

/** How an answer travels: with the call, or as a file. */
export const Channel = Type.Union([Type.Literal('online'), Type.Literal('file')]);
export type Channel = Type.Static<typeof Channel>;

/** The stored answers of a license; JSON text as it stands in the store, not yet believed. */
export const LicenseRow = Type.Object({
  answer: Type.Union([Type.String(), Type.Null()]),
  denial: Type.Union([Type.String(), Type.Null()]),
  /** What a person gave up here and the server has not answered yet. */
  departed: Type.Union([Type.Literal('released'), Type.Literal('transferred'), Type.Null()]),
});
export type LicenseRow = Type.Static<typeof LicenseRow>;

/** How long a request waits for its answer, and how long a server remembers it. Source: protocol, Idempotence. */
export const REQUEST_SECONDS = 90 * 86_400;

/** A request that an answer may come for. */
export const PendingRequest = Type.Object({
  jti: Id,
  appId: AppId,
  pid: Id,
  licenseKey: LicenseKey,
  purpose: Purpose,
  channel: Channel,
  /** The signed request. */
  compact: Type.String({ minLength: 5, maxLength: 16_384 }),
  bootId: Type.String({ minLength: 1, maxLength: 64 }),
  uptime: Type.Integer({ minimum: 0 }),
  /** By the clock of then, which may have been ahead: held against confirmed time, no request ages too early. */
  madeAt: Epoch,
});
export type PendingRequest = Type.Static<typeof PendingRequest>;

/** How the last contact with a server ended: `ok`, or the code of a denial or error. */
export const Contact = Type.Object({
  at: Epoch,
  outcome: Type.String({ minLength: 1, maxLength: 64 }),
  serverUrl: Type.Union([Type.String({ maxLength: 512 }), Type.Null()]),
});
export type Contact = Type.Static<typeof Contact>;

/** Running total of one license's use on this device. */
export const MeterRow = Type.Object({
  meterId: Id,
  seconds: Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }),
});
export type MeterRow = Type.Static<typeof MeterRow>;
