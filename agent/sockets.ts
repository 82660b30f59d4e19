import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CONFIG_KEYS } from './config-keys.ts';
import { type CommonOptions, configFileOf, DEFAULT_RUNTIME_DIR, type Environment } from './options.ts';

/** The daemon's two sockets: one to ask, one to change things. Source: protocol, Applications. */
export function socketsIn(runtimeDir: string) {
  return { agent: join(runtimeDir, 'agent.sock'), admin: join(runtimeDir, 'admin.sock') };
}

/**
 * Where the daemon answers, found with as little work as can be: commands that ask it run in hot paths. Only
 * where the configuration cannot be read this way is it loaded whole, and says what is wrong with it.
 *
 * @throws as loadAgentConfig
 */
export async function locateAgentSocket(options: CommonOptions, env: Environment): Promise<string> {
  if (options.socket !== undefined) return options.socket;
  return socketsIn(await runtimeDirOf(options, env)).agent;
}

async function runtimeDirOf(options: CommonOptions, env: Environment): Promise<string> {
  const fromEnvironment = env['LICENSE_AGENT_RUNTIME_DIR'];
  if (fromEnvironment) return fromEnvironment;
  const file = configFileOf(options);
  if (file === undefined) return DEFAULT_RUNTIME_DIR;
  try {
    const { parse } = await import('smol-toml');
    const table = parse(readFileSync(file, 'utf8'));
    const known = Object.keys(table).every((key) => (CONFIG_KEYS as readonly string[]).includes(key));
    const { runtimeDir = DEFAULT_RUNTIME_DIR } = table;
    if (known && typeof runtimeDir === 'string' && runtimeDir !== '') return runtimeDir;
  } catch {
    // What is wrong with it is said below, by the loader that knows.
  }
  const { loadAgentConfig } = await import('./config.ts');
  return loadAgentConfig(options, env).runtimeDir;
}
