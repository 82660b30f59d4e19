import { existsSync } from 'node:fs';
import * as Type from 'typebox';
import { DEFAULT_ZONE } from '#core/catalog.ts';
import { loadConfig } from '#core/host/config.ts';
import { LOG_LEVELS } from '#core/host/log.ts';
import { isKnownZone } from '#core/zone.ts';
import { AlertChannelConfig } from './alerts/channel-config.ts';
import { isNetwork } from './network.ts';
import { oidcKeys } from './oidc/oidc-keys.ts';

const ServerConfig = Type.Object({
  stateDir: Type.String({
    description: 'Folder of keys, certificates and the store; mode 0700.',
    default: '/var/lib/license-server',
    minLength: 1,
  }),
  database: Type.String({
    description:
      'PostgreSQL database of the store, `postgres://user:password@host:5432/name`; empty: a SQLite file in stateDir. The password may come from PGPASSWORD or ~/.pgpass instead.',
    default: '',
    pattern: '^$|^postgres(ql)?://',
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
  zone: Type.Refine(
    Type.String({
      description:
        'Time zone (IANA) of `createTime` in answers of the OpenAPI, and of reports, alerts and what commands print.',
      default: DEFAULT_ZONE,
    }),
    isKnownZone,
  ),
  trustedProxies: Type.Array(Type.Refine(Type.String({ minLength: 2, maxLength: 64 }), isNetwork), {
    description:
      'Addresses (CIDR) of reverse proxies whose X-Forwarded-For names the caller, for the audit trail and the access log.',
    default: [],
    maxItems: 16,
  }),
  legacyHttpPort: Type.Integer({
    description:
      'Port of a plain HTTP listener for device tools without TLS: calls 14 and 15 alone, for credentials of scope activate alone; -1: off. `serve --legacy-http` overrides.',
    default: -1,
    minimum: -1,
    maximum: 65_535,
  }),
  rateLimitPerSecond: Type.Integer({
    description:
      'Calls per second, company and endpoint, where the company has no limit of its own; 0 lifts the limit.',
    default: 1000,
    minimum: 0,
  }),
  alertChannels: Type.Array(AlertChannelConfig, {
    description:
      'Who is told of what happens: tables `[[alertChannels]]`, see below; the same on all servers that share a database.',
    default: [],
    maxItems: 32,
  }),
  alertDigestSeconds: Type.Integer({
    description:
      'How long messages for people are held back, so that what happens together is told in one; webhooks leave at once.',
    default: 60,
    minimum: 0,
    maximum: 21_600,
  }),
  alertTimeoutSeconds: Type.Integer({
    description: 'How long a receiver of alerts may take to answer.',
    default: 10,
    minimum: 1,
    maximum: 60,
  }),
  alertQuotaPercent: Type.Integer({
    description: 'Share of a quota that is used when quota.low is told; told again when all of it is used.',
    default: 90,
    minimum: 1,
    maximum: 100,
  }),
  alertUnseenDays: Type.Integer({
    description: 'How long a device is silent before device.unseen is told.',
    default: 14,
    minimum: 1,
    maximum: 3650,
  }),
  uploadMaxMiB: Type.Integer({
    description: 'Largest file of preauthorized LicenseKeys that is taken.',
    default: 64,
    minimum: 1,
    maximum: 4096,
  }),
  ...oidcKeys,
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
  env: Readonly<Record<string, string | undefined>>,
): ServerConfig {
  const found = file ?? (existsSync(CONFIG_FILE) ? CONFIG_FILE : undefined);
  return loadConfig(ServerConfig, { file: found, env, envPrefix: 'LICENSE_SERVER_' });
}

export { ServerConfig as serverConfigSchema };
