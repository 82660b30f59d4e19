import { userInfo } from 'node:os';
import { systemClock } from '#core/clock.ts';
import type { Terminal } from '#core/host/cli.ts';
import type { Person } from '#core/host/person-at-terminal.ts';
import type { ServerConfig } from '../config.ts';
import { type Installation, loadInstallation } from '../installation.ts';
import { openStore, type Store } from '../store/database.ts';

/** What every command has of the world, beside its own options; passed in, so that tests stand in for it. */
export interface CommandContext {
  readonly terminal: Terminal;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly config: ServerConfig;
  /** The person at the terminal; undefined where nobody sits there. */
  readonly person?: Person | undefined;
}

/** A command that works on the store: opened for it, closed after it. */
export async function withStore<T>(
  { config }: CommandContext,
  work: (store: Store, installation: Installation) => Promise<T>,
): Promise<T> {
  const installation = loadInstallation(config);
  const store = await openStore(installation.store);
  try {
    return await work(store, installation);
  } finally {
    await store.close();
  }
}

/** Who stands at the keyboard, for the audit trail; under sudo also as whom they logged in: `operator:root(alice)`. */
export function operator({ env }: CommandContext): string {
  const person = env['SUDO_USER'];
  return `operator:${userInfo().username}${person ? `(${person})` : ''}`;
}

/** The wall clock, for a command's one transaction. */
export const now = systemClock.now;
