import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { parseLicenseRequest } from '#core/documents/license-request.ts';
import { LicenseClient } from '../../agent/client.ts';
import { bundle } from '../../scripts/bundle.ts';
import { World } from '../support/world.ts';
import { type BenchOptions, type Result, residentMiB, resultOf, timeCommand } from './measure.ts';
import { startNode } from './processes.ts';

/** How long both processes rest before their memory is read: start-up garbage is gone then. */
const SETTLE_MS = 5_000;

/**
 * The agent as it is delivered (bundled), licensed and idle, beside bare Node: resident memory of the daemon and
 * the time of one `check`.
 */
export async function agentFootprint({ quick, progress }: BenchOptions): Promise<Result[]> {
  const folder = mkdtempSync(join(tmpdir(), 'license-bench-'));
  const server = await answeringServer();
  progress('agent: bundling');
  const program = await bundle('license-agent', join(import.meta.dirname, '../../dist'));
  const { env, socket } = prepare(folder, server);
  const agent = await startNode([program, 'run', '--json'], env);
  const bare = await startNode([
    'test/bench/bare-daemon.mjs',
    join(folder, 'bare.db'),
    join(folder, 'bare.sock'),
  ]);
  try {
    const client = new LicenseClient({ socket });
    while (!(await client.check('video')).allowed) await setTimeout(50);

    progress('agent.memory: letting both processes settle');
    await setTimeout(SETTLE_MS);
    const memory = resultOf(
      {
        name: 'agent.memory',
        unit: 'MiB',
        limitIs: 'bare Node with one SQLite file and one HTTP server on a unix socket',
        goal: { atMost: 1.35 },
      },
      [{ value: residentMiB(agent.child.pid ?? 0), limit: residentMiB(bare.child.pid ?? 0) }],
    );

    progress('agent.cli: check, and node -e 0, in turn');
    const commandEnv = { ...process.env, ...env, NODE_COMPILE_CACHE: join(folder, 'compile-cache') };
    const check = () => timeCommand(process.execPath, [program, 'check'], commandEnv);
    const nothing = () => timeCommand(process.execPath, ['-e', '0'], commandEnv);
    await check();
    await nothing();
    const rounds = [];
    for (let round = 0; round < (quick ? 15 : 40); round += 1)
      rounds.push({ limit: await nothing(), value: await check() });
    const cli = resultOf(
      { name: 'agent.cli', unit: 'ms', limitIs: 'node -e 0', goal: { atMost: 1.3 } },
      rounds,
    );
    return [memory, cli];
  } finally {
    await Promise.all([agent.stop(), bare.stop()]);
    server.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A server that signs for real; the license server itself is not what is measured here. */
async function answeringServer() {
  const world = new World();
  const http = createServer(async (request, response) => {
    const { claims, deviceKey } = parseLicenseRequest(Buffer.concat(await request.toArray()).toString());
    const now = Math.floor(Date.now() / 1000);
    const answer = await world.tokenAnswer({
      nonce: claims.jti,
      iat: now,
      licenseKey: claims.licenseKey,
      cnf: { jkt: deviceKey.thumbprint },
    });
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
  });
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  const { port } = http.address() as AddressInfo;
  return { world, url: `http://127.0.0.1:${port}`, close: () => http.close() };
}

function prepare(folder: string, { world, url }: { world: World; url: string }) {
  const stateDir = join(folder, 'state');
  const runtimeDir = join(folder, 'run');
  mkdirSync(stateDir, { mode: 0o700 });
  mkdirSync(runtimeDir);
  const rootsFile = join(folder, 'vendor-roots.json');
  writeFileSync(rootsFile, world.rootsFile);
  writeFileSync(join(stateDir, 'enrollment.json'), JSON.stringify(world.enrollment({ serverUrls: [url] })), {
    mode: 0o600,
  });
  const env = {
    LICENSE_AGENT_STATE_DIR: stateDir,
    LICENSE_AGENT_RUNTIME_DIR: runtimeDir,
    LICENSE_AGENT_VENDOR_ROOTS_FILE: rootsFile,
    LICENSE_AGENT_LICENSE_KEY_STRATEGY: 'literal',
    LICENSE_AGENT_LICENSE_KEY_VALUE: 'SN-0001',
    LICENSE_AGENT_LOG_LEVEL: 'warn',
  };
  return { env, socket: join(runtimeDir, 'agent.sock') };
}
