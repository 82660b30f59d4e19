import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateSigningKey } from '#core/keys.ts';
import { initialize } from '../../server-stub/installation.ts';
import { createCredential } from '../../server-stub/licensing/credentials.ts';
import { importCertificate } from '../../server-stub/licensing/import-certificate.ts';
import { importGrant } from '../../server-stub/licensing/import-grant.ts';
import { openStore } from '../../server-stub/store/database.ts';
import { requireDebianProgram } from '../support/debian.ts';
import { NOW, World } from '../support/world.ts';
import { postsPerSecond } from './load.ts';
import { type BenchOptions, type Result, resultOf } from './measure.ts';
import { startNode } from './processes.ts';

/** More licenses than any run can activate. */
const LICENSES = 50_000_000;

/**
 * New OpenAPI activations per second, durable, authenticated and audited, beside a bare node:http server that
 * answers the same bytes.
 */
export async function serverActivation({ quick, progress }: BenchOptions): Promise<Result[]> {
  requireDebianProgram('wrk');
  const folder = mkdtempSync(join(tmpdir(), 'license-bench-'));
  const { stateDir, authorization, path } = await prepare(folder);
  const server = await startNode(['server-stub/main.ts', 'serve', '--json'], {
    LICENSE_SERVER_STATE_DIR: stateDir,
    LICENSE_SERVER_HOST: '127.0.0.1',
    LICENSE_SERVER_PORT: '0',
    LICENSE_SERVER_TLS: 'false',
    LICENSE_SERVER_RATE_LIMIT_PER_SECOND: '0',
    LICENSE_SERVER_LOG_LEVEL: 'error',
  });
  const { url } = JSON.parse(server.line);
  const sample = await fetch(url + path.replace('{n}', 'sample'), {
    method: 'POST',
    headers: { authorization },
  });
  const bare = await startNode(['test/bench/bare-http.mjs', await sample.text()]);
  const bareUrl = `http://127.0.0.1:${bare.line}`;

  const seconds = quick ? 4 : 10;
  const measure = async (name: string, connections: number, atLeast: number): Promise<Result> => {
    const load = { connections, seconds, path, authorization, folder };
    await postsPerSecond({ ...load, url, seconds: 2 });
    const rounds = [];
    for (let round = 1; round <= 3; round += 1) {
      progress(`${name}: round ${round} of 3`);
      const limit = await postsPerSecond({ ...load, url: bareUrl });
      rounds.push({ limit, value: await postsPerSecond({ ...load, url }) });
    }
    const limitIs = `bare node:http answering the same bytes, ${connections} connections`;
    return resultOf({ name, unit: '1/s', limitIs, goal: { atLeast } }, rounds);
  };
  try {
    return [await measure('server.activation', 64, 0.28), await measure('server.activation.256', 256, 0.4)];
  } finally {
    await Promise.all([server.stop(), bare.stop()]);
    rmSync(folder, { recursive: true, force: true });
  }
}

async function prepare(folder: string): Promise<{ stateDir: string; authorization: string; path: string }> {
  const root = generateSigningKey();
  const rootsFile = join(folder, 'vendor-roots.json');
  writeFileSync(rootsFile, new World({ root }).rootsFile);
  const stateDir = join(folder, 'server');
  const { serverId, key, storeFile } = await initialize(stateDir, rootsFile, ['localhost']);
  const world = new World({ serverId, serverKey: key, root });
  const grant = await world.grant({}, [{ ...world.purchase, count: LICENSES }]);
  const certificate = await world.certificate();
  const store = await openStore(storeFile);
  const { customerId, customerSecret } = await store.write(NOW, async (transaction) => {
    await importCertificate(transaction, certificate, [root], { serverId, key }, 'operator:bench');
    await importGrant(transaction, grant, [root], serverId, 'operator:bench');
    return createCredential(transaction, world.cid, 'full', 'operator:bench');
  });
  await store.close();
  return {
    stateDir,
    authorization: `Basic ${Buffer.from(`${customerId}:${customerSecret}`).toString('base64')}`,
    path: `/dabiz/license/v2/active?pid=${world.purchase.pid}&licenseKey=SN-{n}&appid=${world.appId}`,
  };
}
