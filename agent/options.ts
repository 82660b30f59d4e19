import { existsSync } from 'node:fs';

export const DEFAULT_CONFIG_FILE = '/etc/license-agent/agent.toml';
export const DEFAULT_RUNTIME_DIR = '/run/license-agent';

/** The options that every command takes. */
export interface CommonOptions {
  readonly config?: string | undefined;
  readonly socket?: string | undefined;
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** The configuration file in use: the one named, else the default one where it exists. */
export function configFileOf({ config }: CommonOptions): string | undefined {
  return config ?? (existsSync(DEFAULT_CONFIG_FILE) ? DEFAULT_CONFIG_FILE : undefined);
}
