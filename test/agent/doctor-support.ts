import { execFile } from 'node:child_process';
import { chmodSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { onTestFinished } from 'vitest';
import { signingKeyToPem } from '#core/keys.ts';
import { examine } from '../../agent/doctor/examine.ts';
import type { Finding, FindingId, FindingOutcome } from '../../agent/doctor/finding.ts';
import type { Environment } from '../../agent/options.ts';
import type { TlsCertificates } from '../../server-stub/tls.ts';
import { NOW, World } from '../support/world.ts';
import { startAgent, until } from './running-agent.ts';
import { type Agent, type AgentFolder, FakeClock, openAgent } from './support.ts';

export interface ExaminedOptions {
  readonly now?: number;
  readonly env?: Environment;
  readonly root?: string;
}

/** What doctor finds on a device. */
export class Findings {
  readonly all: readonly Finding[];

  constructor(all: readonly Finding[]) {
    this.all = all;
  }

  static async of(folder: AgentFolder, { now = NOW, env = {}, root = '/' }: ExaminedOptions = {}) {
    const { findings } = await examine({
      config: folder.config,
      options: { config: folder.configFile },
      env,
      now,
      root,
    });
    return new Findings(findings);
  }

  /** The values of the first finding of a kind. */
  detail(id: FindingId): Finding['detail'] {
    return this.get(id)[0]?.detail ?? {};
  }

  get(id: FindingId): readonly Finding[] {
    return this.all.filter((each) => each.id === id);
  }

  /** How each finding of a kind is. */
  outcomes(id: FindingId): FindingOutcome[] {
    return this.get(id).map(({ outcome }) => outcome);
  }

  /** What is said of it, and what to do, in English. */
  said(id: FindingId): string {
    return this.get(id)
      .map(({ what, remedy }) => `${what.en} → ${remedy?.en ?? ''}`)
      .join('\n');
  }

  get faults(): FindingId[] {
    return this.all.filter(({ outcome }) => outcome === 'fault').map(({ id }) => id);
  }
}

/** A device that is licensed, its daemon running in this process; others may look into its folder. */
export async function licensed() {
  const agent = await startAgent();
  await until(agent.client, 'active');
  chmodSync(agent.folder.path, 0o755);
  return agent;
}

export const realTime = () => Math.floor(Date.now() / 1000);

/** A device that was licensed, now, and on which no daemon runs; `work` is done before it stopped. */
export async function idle({
  world = new World(),
  work = async () => {},
}: {
  world?: World;
  work?: (agent: Agent) => Promise<unknown>;
} = {}): Promise<AgentFolder> {
  const agent = openAgent(world, { clock: new FakeClock(realTime()) });
  const { folder } = agent;
  folder.enroll(await serve(healthy));
  writeFileSync(join(folder.state, 'license-key'), `${world.licenseKey}\nliteral\n`, { mode: 0o600 });
  writeFileSync(join(folder.state, 'device-key.pem'), signingKeyToPem(world.deviceKey), { mode: 0o600 });
  chmodSync(folder.path, 0o755);
  chmodSync(folder.state, 0o700);
  await agent.activate();
  await work(agent);
  agent.store.close();
  return folder;
}

/** What a program says, whatever its exit code; servers of the test answer meanwhile. */
export function outputOf(
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<string> {
  return promisify(execFile)(command, args, { env: { ...process.env, ...env } }).then(
    ({ stdout }) => stdout,
    ({ stdout }: { stdout: string }) => stdout,
  );
}

/** What a license server says of itself. */
export const healthy: RequestListener = (_request, response) =>
  response.setHeader('content-type', 'application/json').end('{"status":"ok"}');

export const answering =
  (status: number, body: string, headers: Readonly<Record<string, string>> = {}): RequestListener =>
  (_request, response) =>
    response.writeHead(status, headers).end(body);

/** A server on a free port, which ends with the test. */
export async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

export async function serve(listener: RequestListener): Promise<string> {
  return `http://127.0.0.1:${await listen(createServer(listener))}`;
}

export async function serveTls(
  { certificate, privateKey }: Pick<TlsCertificates, 'certificate' | 'privateKey'>,
  listener = healthy,
): Promise<string> {
  const server = createTlsServer({ cert: certificate, key: privateKey }, listener);
  return `https://127.0.0.1:${await listen(server as unknown as Server)}`;
}
