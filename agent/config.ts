import * as Type from 'typebox';
import { loadConfig } from '#core/host/config.ts';
import { LOG_LEVELS } from '#core/host/log-levels.ts';
import { type CommonOptions, configFileOf, DEFAULT_RUNTIME_DIR, type Environment } from './options.ts';

const Path = (description: string, defaultPath: string) =>
  Type.String({ minLength: 1, maxLength: 4096, description, default: defaultPath });

/** Every key of agent.toml; `LICENSE_AGENT_STATE_DIR` and so on override it. */
export const AgentConfig = Type.Object({
  stateDir: Path(
    'Folder (0700) of device key, LicenseKey, enrollment and license store.',
    '/var/lib/license-agent',
  ),
  runtimeDir: Path('Folder of the sockets agent.sock and admin.sock.', DEFAULT_RUNTIME_DIR),
  vendorRootsFile: Path(
    "The vendor root keys that the device maker's package installed.",
    '/etc/license-agent/vendor-roots.json',
  ),
  licenseKeyStrategy: Type.Enum(['hardware', 'serial', 'mac', 'machine', 'file', 'literal'], {
    description:
      'How the LicenseKey is derived, once: hardware (board or SoC serial, else permanent MAC, else machine-id), serial, mac, machine (machine-id), file (licenseKeyFile), literal (licenseKeyValue).',
    default: 'hardware',
  }),
  licenseKeyFile: Type.Optional(
    Type.String({ minLength: 1, description: 'File whose first line is the LicenseKey, for strategy file.' }),
  ),
  licenseKeyValue: Type.Optional(
    Type.String({ minLength: 1, description: 'The LicenseKey itself, for strategy literal.' }),
  ),
  identityFile: Type.Optional(
    Type.String({
      minLength: 1,
      description:
        'What a privileged step collected of the machine (license-agent identity --collect); used where the file exists, else the machine is read. Not set: identity.json in runtimeDir.',
    }),
  ),
  ownLicense: Type.Boolean({
    description:
      'Whether this machine needs a license for itself; false on a gateway that only holds licenses for others.',
    default: true,
  }),
  accountActivation: Type.Boolean({
    description:
      'Whether applications of the group may activate and release licenses of accounts at agent.sock, for people who log in on this device.',
    default: false,
  }),
  refreshIntervalSeconds: Type.Integer({
    minimum: 3600,
    maximum: 604_800,
    description: 'Routine refresh, in seconds, less up to a tenth of it at random.',
    default: 86_400,
  }),
  requestTimeoutSeconds: Type.Integer({
    minimum: 1,
    maximum: 600,
    description: 'How long one server URL may take to answer, in seconds.',
    default: 30,
  }),
  persistIntervalSeconds: Type.Integer({
    minimum: 1,
    maximum: 3600,
    description: 'How often the clock mark is written to disk, in seconds.',
    default: 60,
  }),
  logLevel: Type.Enum([...LOG_LEVELS], {
    description: 'Least severe level that is logged.',
    default: 'info',
  }),
});
export type AgentConfig = Type.Static<typeof AgentConfig>;

/**
 * The agent's configuration: defaults, over them the TOML file, over it `LICENSE_AGENT_*`.
 *
 * @throws `config_unreadable`, `config_malformed`, `config_unknown_key`, `config_invalid`
 */
export function loadAgentConfig(options: CommonOptions, env: Environment): AgentConfig {
  return loadConfig(AgentConfig, { file: configFileOf(options), env, envPrefix: 'LICENSE_AGENT_' });
}
