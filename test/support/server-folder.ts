import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Terms } from '#core/documents/terms.ts';
import { generateSigningKey } from '#core/keys.ts';
import { initialize } from '../../server-stub/installation.ts';
import { type Credential, createCredential } from '../../server-stub/licensing/credentials.ts';
import { importCertificate } from '../../server-stub/licensing/import-certificate.ts';
import { importGrant } from '../../server-stub/licensing/import-grant.ts';
import { openStore } from '../../server-stub/store/database.ts';
import { temporaryFolder } from './folder.ts';
import { NOW, World } from './world.ts';

export interface ServerFolderOptions {
  /** Vendor's lines to import; by default 100 licenses and 20 renewals. */
  lines?: (world: World) => Terms[];
  world?: ConstructorParameters<typeof World>[0];
}

/** The state folder of a server that a test vendor certified and granted licenses to. */
export interface ServerFolder {
  readonly world: World;
  readonly stateDir: string;
  readonly storeFile: string;
  readonly rootsFile: string;
  readonly credential: Credential;
}

export async function createServerFolder({
  lines,
  world: options = {},
}: ServerFolderOptions = {}): Promise<ServerFolder> {
  const folder = temporaryFolder();
  const stateDir = join(folder, 'server');
  const rootsFile = join(folder, 'vendor-roots.json');
  const root = generateSigningKey();
  writeFileSync(rootsFile, new World({ root }).rootsFile);
  const { serverId, key, storeFile } = await initialize(stateDir, rootsFile, ['localhost', '127.0.0.1']);
  const world = new World({ ...options, serverId, serverKey: key, root });

  const store = await openStore(storeFile);
  const grant = await world.grant({}, lines?.(world));
  const certificate = await world.certificate();
  const credential = await store.write(NOW, async (transaction) => {
    await importCertificate(transaction, certificate, [root], { serverId, key }, 'operator:test');
    await importGrant(transaction, grant, [root], serverId, 'operator:test');
    return createCredential(transaction, world.cid, 'full', 'operator:test');
  });
  await store.close();
  return { world, stateDir, storeFile, rootsFile, credential };
}
