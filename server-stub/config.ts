import { existsSync } from 'node:fs';
import * as Type from 'typebox';
import { loadConfig } from '#core/host/config.ts';
import { LOG_LEVELS } from '#core/host/log.ts';

const ServerConfig = Type.Object({
  stateDir: Type.String({
    description: 'Folder of keys, certificates and the store; mode 0700.',
    default: '/var/lib/license-server',
    minLength: 1,
  }),
  host: Type.String({ description: 'Address to listen on.', default: '0.0.0.0', minLength: 1 }),
  port: Type.Integer({
    description: 'Port to listen on; 0 takes a free one.',
    default: 8443,
    minimum: 0,
    maximum: 65_535,
  }),
  tls: Type.Boolean({
    description:
      'Serve HTTPS with the certificate made by init. false only behind a reverse proxy on the same host.',
    default: true,
  }),
  publicUrls: Type.Array(Type.String({ pattern: '^https?://' }), {
    description:
      'URLs under which devices reach this server, first choice first; written into enrollment files.',
    default: [],
    maxItems: 16,
  }),
  rateLimitPerSecond: Type.Integer({
    description: 'Calls per second, company and endpoint; 0 lifts the limit.',
    default: 1000,
    minimum: 0,
  }),
  logLevel: Type.Enum([...LOG_LEVELS], {
    description: `Least severe level that is logged: ${LOG_LEVELS.join(', ')}.`,
    default: 'info',
  }),
});
export type ServerConfig = Type.Static<typeof ServerConfig>;

export const CONFIG_FILE = '/etc/license-server/server.toml';

/**
 * The server's configuration: `--config FILE`, else /etc/license-server/server.toml where it is there;
 * `LICENSE_SERVER_*` overrides.
 *
 * @throws as loadConfig
 */
export function loadServerConfig(
  file: string | undefined,
  env: Readonly<Record<string, string | undefined>> = process.env,
): ServerConfig {
  const found = file ?? (existsSync(CONFIG_FILE) ? CONFIG_FILE : undefined);
  return loadConfig(ServerConfig, { file: found, env, envPrefix: 'LICENSE_SERVER_' });
}

export { ServerConfig as serverConfigSchema };
