import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Terms } from '#core/documents/terms.ts';
import { generateSigningKey } from '#core/keys.ts';
import { initialize } from '../../server-stub/installation.ts';
import { type Credential, createCredential } from '../../server-stub/licensing/credentials.ts';
import { importCertificate } from '../../server-stub/licensing/import-certificate.ts';
import { importGrant } from '../../server-stub/licensing/import-grant.ts';
import { openStore } from '../../server-stub/store/database.ts';
import { World } from './world.ts';

export interface ServerFolderOptions {
  /** Vendor's lines to import; by default 100 licenses and 20 renewals. */
  lines?: (world: World) => Terms[];
  world?: ConstructorParameters<typeof World>[0];
  /** `postgres://…` of an empty database; a SQLite file without. */
  database?: string;
}

/** The state folder of a server that a test vendor certified and granted licenses to. */
export interface ServerFolder {
  readonly world: World;
  readonly stateDir: string;
  readonly database: string;
  /** Where the store lies: the SQLite file, or `database`. */
  readonly store: string;
  readonly rootsFile: string;
  readonly credential: Credential;
}

/** Makes a state folder and roots file in a folder; nothing of a test runner, so that the bench can use it too. */
export async function prepareServer(
  folder: string,
  { lines, world: options = {}, database = '' }: ServerFolderOptions = {},
): Promise<ServerFolder> {
  const stateDir = join(folder, 'server');
  const rootsFile = join(folder, 'vendor-roots.json');
  const [root, spare] = [generateSigningKey(), generateSigningKey()];
  writeFileSync(rootsFile, new World({ root, spare }).rootsFile);
  const place = { stateDir, database };
  const { serverId, key, store: location } = await initialize(place, rootsFile, ['localhost', '127.0.0.1']);
  const world = new World({ ...options, serverId, serverKey: key, root, spare });

  const store = await openStore(location);
  const grant = await world.grant({}, lines?.(world));
  const certificate = await world.certificate();
  const credential = await store.write(world.now, async (transaction) => {
    await importCertificate(transaction, certificate, [root], { serverId, key }, 'operator:test');
    await importGrant(transaction, grant, [root], serverId, 'operator:test');
    return createCredential(transaction, world.cid, 'full', 'operator:test');
  });
  await store.close();
  return { world, ...place, store: location, rootsFile, credential };
}

/** The environment of `license-server serve` on a free port: plain HTTP on loopback, no rate limit. */
export function serveEnvironment({
  stateDir,
  database,
}: Pick<ServerFolder, 'stateDir' | 'database'>): Record<string, string> {
  return {
    LICENSE_SERVER_STATE_DIR: stateDir,
    LICENSE_SERVER_DATABASE: database,
    LICENSE_SERVER_HOST: '127.0.0.1',
    LICENSE_SERVER_PORT: '0',
    LICENSE_SERVER_TLS: 'false',
    LICENSE_SERVER_RATE_LIMIT_PER_SECOND: '0',
    LICENSE_SERVER_LOG_LEVEL: 'error',
  };
}
