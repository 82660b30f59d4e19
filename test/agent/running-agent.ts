import { rmSync } from 'node:fs';
import { expect, vi } from 'vitest';
import { askDaemon, type DaemonRequest } from '../../agent/client/ask-daemon.ts';
import { LicenseClient } from '../../agent/client.ts';
import type { Daemon } from '../../agent/daemon.ts';
import { World } from '../support/world.ts';
import { AgentFolder, FakeClock, runDaemon, SigningServer } from './support.ts';

/** A daemon on real sockets, a server that signs for real, and the clock of both. */
export async function startAgent({
  enrolled = true,
  world = new World(),
  toml = '',
}: {
  enrolled?: boolean;
  world?: World;
  /** Further lines of agent.toml. */
  toml?: string;
} = {}) {
  const clock = new FakeClock();
  const server = await SigningServer.start(world, () => clock.wall);
  const folder = new AgentFolder(world);
  if (toml !== '') folder.configure(toml);
  folder.enroll(server.url);
  if (!enrolled) rmSync(folder.state, { recursive: true });
  const run = async () => {
    const daemon = await runDaemon(folder, clock);
    return { daemon, client: new LicenseClient({ socket: daemon.sockets.agent }) };
  };
  return { world, clock, server, folder, run, ...(await run()) };
}

/** A call at admin.sock. */
export const post = (daemon: Daemon, path: string, body = '') =>
  askDaemon(daemon.sockets.admin, { method: 'POST', path, body, timeoutMs: 5000 });

/** A call at either socket, its body an object. */
export function call(
  daemon: Daemon,
  method: DaemonRequest['method'],
  path: string,
  { body, socket = 'agent' }: { body?: object; socket?: 'agent' | 'admin' } = {},
  // biome-ignore lint/suspicious/noExplicitAny: what a test looks at is what it expects
): Promise<any> {
  const text = body === undefined ? '' : JSON.stringify(body);
  return askDaemon(daemon.sockets[socket], { method, path, body: text, timeoutMs: 20_000 });
}

/** Waits for what happens by itself. */
export const until = (client: LicenseClient, state: string) =>
  vi.waitFor(async () => expect((await client.status()).state).toBe(state), { timeout: 5000, interval: 10 });
