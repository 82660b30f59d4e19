import { chmodSync, existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import * as Type from 'typebox';
import { type PinnedRoots, parseVendorRoots } from '#core/documents/vendor-roots.ts';
import { LicenseError } from '#core/errors.ts';
import { createFileDurably, readTextFile, writeFileDurably } from '#core/host/files.ts';
import { readKeyFile, readSecretFile } from '#core/host/key-file.ts';
import { newId } from '#core/ids.ts';
import { generateSigningKey, type SigningKey, signingKeyToPem } from '#core/keys.ts';
import { Id, parseJson } from '#core/shapes.ts';
import type { ServerConfig } from './config.ts';
import { otherServerKeys } from './server-keys.ts';
import { openStore } from './store/database.ts';
import { createTlsCertificates, type TlsCertificates } from './tls.ts';

/** What `init` made: who this server is and whom it trusts. */
export interface Installation {
  readonly serverId: string;
  readonly key: SigningKey;
  readonly otherKeys: ReturnType<typeof otherServerKeys>;
  readonly roots: PinnedRoots;
  /** PEM texts: authority for devices to pin, and the server's own certificate and key. */
  readonly tls: Pick<TlsCertificates, 'authority' | 'certificate' | 'privateKey'>;
  /** Where its store lies: a SQLite file, or `postgres://…`. */
  readonly store: string;
}

const ServerFile = Type.Object({ version: Type.Literal(1), serverId: Id });

const filesOf = (stateDir: string) => ({
  server: join(stateDir, 'server.json'),
  key: join(stateDir, 'server-key.pem'),
  roots: join(stateDir, 'vendor-roots.json'),
  authority: join(stateDir, 'ca.pem'),
  authorityKey: join(stateDir, 'ca-key.pem'),
  certificate: join(stateDir, 'tls.pem'),
  privateKey: join(stateDir, 'tls-key.pem'),
  store: join(stateDir, 'license-server.db'),
});

/** Where the certificate authority lies that devices pin. */
export function authorityFile(stateDir: string): string {
  return filesOf(stateDir).authority;
}

/**
 * Makes a server: id, signing key, certificate authority and TLS certificate for the given host names; keeps the
 * vendor's roots file beside them. `server.json` is written last: without it nothing was ever issued, so what an
 * interrupted init left behind is written anew.
 *
 * @throws `already_initialized`, `vendor_roots_malformed`, `file_unreadable`, `file_unwritable`, `store_full`
 */
export async function initialize(
  config: Pick<ServerConfig, 'stateDir' | 'database'>,
  rootsFile: string,
  hosts: readonly string[],
): Promise<Installation> {
  const { stateDir } = config;
  const files = filesOf(stateDir);
  if (existsSync(files.server)) throw new LicenseError('already_initialized', { where: stateDir });
  const rootsText = readTextFile(rootsFile);
  parseVendorRoots(rootsText, rootsFile);

  mkdirSync(stateDir, { recursive: true, mode: 0o700 });
  // Also one that was there before: what comes into it is for its owner alone.
  chmodSync(stateDir, 0o700);
  const tls = await createTlsCertificates(hosts);
  writeFileDurably(files.key, signingKeyToPem(generateSigningKey()), 0o600);
  writeFileDurably(files.roots, rootsText, 0o644);
  writeFileDurably(files.authorityKey, tls.authorityKey, 0o600);
  writeFileDurably(files.authority, tls.authority, 0o644);
  writeFileDurably(files.privateKey, tls.privateKey, 0o600);
  writeFileDurably(files.certificate, tls.certificate, 0o644);
  await createStore(storeAt(config));
  createFileDurably(files.server, `${JSON.stringify({ version: 1, serverId: newId() })}\n`, 0o644);
  return loadInstallation(config);
}

/**
 * An empty store; one that companies have licenses in belongs to another server, whose stateDir is needed for it.
 *
 * @throws `database_in_use`, `database_encoding`, `store_unreachable` …
 */
async function createStore(location: string): Promise<void> {
  const store = await openStore(location, { create: true });
  try {
    const company = await store.reader.selectFrom('company').select('cid').executeTakeFirst();
    if (company !== undefined) throw new LicenseError('database_in_use', { where: store.place });
  } finally {
    await store.close();
  }
}

function storeAt({ stateDir, database }: Pick<ServerConfig, 'stateDir' | 'database'>): string {
  return database || filesOf(stateDir).store;
}

/**
 * Reads what `init` made.
 *
 * @throws `not_initialized`, `key_file_permissions`, `key_malformed`, `vendor_roots_malformed`, `file_unreadable`
 */
export function loadInstallation(config: Pick<ServerConfig, 'stateDir' | 'database'>): Installation {
  const { stateDir } = config;
  const files = filesOf(stateDir);
  if (!existsSync(files.server)) {
    throw new LicenseError('not_initialized', {
      where: stateDir,
      command: 'license-server init --vendor-roots FILE',
    });
  }
  const { serverId } = parseJson(ServerFile, readTextFile(files.server), 'config_malformed', files.server);
  return {
    serverId,
    key: readKeyFile(files.key),
    otherKeys: otherServerKeys(stateDir),
    roots: parseVendorRoots(readTextFile(files.roots), files.roots),
    tls: {
      authority: readTextFile(files.authority),
      certificate: readTextFile(files.certificate),
      privateKey: readSecretFile(files.privateKey),
    },
    store: storeAt(config),
  };
}
