import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as Type from 'typebox';
import { expect, test } from 'vitest';
import { LicenseError } from '#core/errors.ts';
import { environmentName, loadConfig } from '#core/host/config.ts';
import { requireChinese } from '../../support/chinese.ts';
import { temporaryFolder } from '../../support/folder.ts';
import { codeOf } from '../../support/forge.ts';

const schema = Type.Object({
  stateDir: Type.String({ default: '/var/lib/x' }),
  port: Type.Integer({ minimum: 1, maximum: 65_535, default: 8443 }),
  tls: Type.Boolean({ default: true }),
  urls: Type.Array(Type.String(), { default: [] }),
  proxy: Type.Optional(Type.String()),
});

function load(toml: string | undefined, env: Record<string, string> = {}) {
  let file: string | undefined;
  if (toml !== undefined) {
    file = join(temporaryFolder(), 'c.toml');
    writeFileSync(file, toml);
  }
  return loadConfig(schema, { file, env, envPrefix: 'X_' });
}

function refused(toml: string | undefined, env: Record<string, string> = {}): LicenseError {
  try {
    load(toml, env);
  } catch (thrown) {
    if (!(thrown instanceof LicenseError)) throw thrown;
    requireChinese(thrown);
    return thrown;
  }
  throw new Error('was accepted');
}

test('defaults, over them the file, over it the environment', () => {
  expect(load(undefined)).toEqual({ stateDir: '/var/lib/x', port: 8443, tls: true, urls: [] });
  expect(load('port = 1\ntls = false\n')).toEqual({ stateDir: '/var/lib/x', port: 1, tls: false, urls: [] });
  expect(
    load('port = 1\nurls = ["a"]', { X_PORT: '2', X_STATE_DIR: '/x', X_URLS: 'b, c', PORT: '3' }),
  ).toEqual({
    stateDir: '/x',
    port: 2,
    tls: true,
    urls: ['b', 'c'],
  });
  expect(load('', { X_TLS: 'false', X_PROXY: 'http://p', X_URLS: '' })).toMatchObject({
    tls: false,
    proxy: 'http://p',
    urls: [],
  });
});

test.each([
  ['stateDir', 'STATE_DIR'],
  ['uploadMaxMiB', 'UPLOAD_MAX_MIB'],
  ['port', 'PORT'],
  ['refreshIntervalSeconds', 'REFRESH_INTERVAL_SECONDS'],
])('%s is overridden by …%s', (key, variable) => {
  expect(environmentName(key)).toBe(variable);
});

test.each<[string, string, RegExp]>([
  ['an open string', 'port = 1\nstateDir = "x\n', /line 2, column \d+/],
  ['a key without value', '\n\nport\n', /line 3, column \d+/],
  ['a key twice', 'port = 1\nport = 2\n', /line 2, column \d+/],
  ['JSON', '{"port": 1}', /line 1, column \d+/],
])('broken TOML (%s) names file and line', (_, toml, where) => {
  const error = refused(toml);
  expect(error.code).toBe('config_malformed');
  expect(error.message).toMatch(where);
  expect(error.message).toContain('c.toml');
});

test.each(['prot = 1', 'Port = 1', '[server]\nport = 1', 'constructor = 1', 'toString = "x"', '"" = 1'])(
  'unknown key in %j is refused, with the known ones',
  (toml) => {
    const error = refused(toml);
    expect(error.code).toBe('config_unknown_key');
    expect(error.message).toContain('stateDir, port');
  },
);

test.each<[string, string, string]>([
  ['text for a number', 'port = "1"', 'port'],
  ['a number out of range', 'port = 70000', 'port'],
  ['a fraction', 'port = 1.5', 'port'],
  ['a number for text', 'stateDir = 1', 'stateDir'],
  ['a date', 'stateDir = 2026-03-01', 'stateDir'],
  ['text for a boolean', 'tls = "true"', 'tls'],
  ['text for a list', 'urls = "a"', 'urls'],
  ['a list of numbers', 'urls = [1]', 'urls'],
])('%s is refused by name', (_, toml, key) => {
  const error = refused(toml);
  expect(error.code).toBe('config_invalid');
  expect(error.detail).toMatchObject({ key });
});

test.each<[string, string]>([
  ['X_PORT', 'many'],
  ['X_PORT', ''],
  ['X_PORT', '70000'],
  ['X_PORT', '1e400'],
  ['X_TLS', 'yes'],
])('%s=%j is refused by the name of the variable', (variable, text) => {
  const error = refused('port = 1', { [variable]: text });
  expect(error.code).toBe('config_invalid');
  expect(error.detail).toMatchObject({ key: variable, file: { en: 'environment' } });
});

test('a required key that is missing everywhere is refused', () => {
  const required = Type.Object({ url: Type.String() });
  expect(() => loadConfig(required, { file: undefined, env: {}, envPrefix: 'X_' })).toThrow(
    expect.objectContaining({ code: 'config_invalid', detail: expect.objectContaining({ key: 'url' }) }),
  );
});

test('a file that is not there, or is a folder, is unreadable', async () => {
  const folder = temporaryFolder();
  for (const file of [folder, join(folder, 'none.toml')]) {
    expect(await codeOf(() => loadConfig(schema, { file, env: {}, envPrefix: 'X_' }))).toBe(
      'config_unreadable',
    );
  }
});
