import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { requireDebianProgram } from '../support/debian.ts';
import { prepareServer, type ServerFolder, serveEnvironment } from '../support/prepare-server.ts';
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
  const prepared = await prepareServer(folder, {
    lines: (world) => [{ ...world.purchase, count: LICENSES }],
  });
  const { authorization, path } = callOf(prepared);
  const server = await startNode(['server-stub/main.ts', 'serve', '--json'], serveEnvironment(prepared));
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

/** An activation as a program sends it; `{n}` is new with every request. */
function callOf({ world, credential }: ServerFolder): { authorization: string; path: string } {
  const { customerId, customerSecret } = credential;
  return {
    authorization: `Basic ${Buffer.from(`${customerId}:${customerSecret}`).toString('base64')}`,
    path: `/dabiz/license/v2/active?pid=${world.purchase.pid}&licenseKey=SN-{n}&appid=${world.appId}`,
  };
}
