import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { AgentConfig, loadAgentConfig } from '../../agent/config.ts';
import { CONFIG_KEYS } from '../../agent/config-keys.ts';
import { identityOf, openDevice } from '../../agent/device.ts';
import { locateAgentSocket } from '../../agent/sockets.ts';
import { codeOf } from '../support/forge.ts';
import { World } from '../support/world.ts';
import { AgentFolder, BOARD, temporaryFolder } from './support.ts';

const toml = (text: string) => {
  const config = join(temporaryFolder(), 'agent.toml');
  writeFileSync(config, text);
  return { config };
};

test('every key has a description, and a default unless it may be left out', () => {
  for (const [key, property] of Object.entries(AgentConfig.properties)) {
    expect(property, key).toHaveProperty('description');
    if (AgentConfig.required.includes(key as never)) expect(property, key).toHaveProperty('default');
  }
});

test('the environment overrides the file, the file overrides the defaults', () => {
  const file = toml('refreshIntervalSeconds = 7200\nlogLevel = "debug"');
  const config = loadAgentConfig(file, { LICENSE_AGENT_LOG_LEVEL: 'warn' });
  expect(config).toMatchObject({
    refreshIntervalSeconds: 7200,
    logLevel: 'warn',
    stateDir: '/var/lib/license-agent',
  });
});

test.each([
  ['stateDir = "x', 'config_malformed'],
  ['stateDirectory = "x"', 'config_unknown_key'],
  ['refreshIntervalSeconds = 60', 'config_invalid'],
  ['licenseKeyStrategy = "guess"', 'config_invalid'],
])('%s → %s', async (text, code) => {
  expect(await codeOf(() => loadAgentConfig(toml(text), {}))).toBe(code);
});

test('the socket is found by option, environment, file and default, in this order', async () => {
  const file = toml('runtimeDir = "/from/file"');
  const env = { LICENSE_AGENT_RUNTIME_DIR: '/from/env' };
  expect(await locateAgentSocket({ ...file, socket: '/from/option' }, env)).toBe('/from/option');
  expect(await locateAgentSocket(file, env)).toBe('/from/env/agent.sock');
  expect(await locateAgentSocket(file, {})).toBe('/from/file/agent.sock');
  expect(await locateAgentSocket(toml(''), {})).toBe('/run/license-agent/agent.sock');
  expect(await codeOf(() => locateAgentSocket(toml('runtimeDir = 5'), {}))).toBe('config_invalid');
  expect(await codeOf(() => locateAgentSocket({ config: '/nowhere.toml' }, {}))).toBe('config_unreadable');
});

test('a strategy that lacks its key says so, and makes no LicenseKey', async () => {
  const folder = new AgentFolder(new World());
  const config = { ...folder.config, licenseKeyStrategy: 'file' as const };
  expect(await codeOf(() => openDevice(config))).toBe('config_invalid');
});

test('the LicenseKey of a file is its first line', async () => {
  const folder = new AgentFolder(new World());
  const licenseKeyFile = join(folder.path, 'key.txt');
  writeFileSync(licenseKeyFile, 'SN-77\r\nsecond line\n');
  const device = await openDevice({ ...folder.config, licenseKeyStrategy: 'file', licenseKeyFile });
  expect(device.licenseKey).toEqual({ licenseKey: 'SN-77', source: 'file', shared: false });
});

test('the identity file of a privileged step is what daemon and commands see', async () => {
  const folder = new AgentFolder(new World());
  expect(await identityOf(folder.config)).toMatchObject({ components: BOARD });
});

test('the keys that hot commands know are those of the schema', () => {
  expect([...CONFIG_KEYS]).toEqual(Object.keys(AgentConfig.properties));
});
