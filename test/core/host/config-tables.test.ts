import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as Type from 'typebox';
import { expect, test } from 'vitest';
import { loadConfig } from '#core/host/config.ts';
import { temporaryFolder } from '../../support/folder.ts';
import { throwsWithCode } from '../../support/throws.ts';

const schema = Type.Object({
  port: Type.Integer({ default: 1 }),
  channels: Type.Array(
    Type.Object({
      name: Type.String({ minLength: 1 }),
      kind: Type.Enum(['a', 'b'], { default: 'a' }),
      to: Type.Optional(Type.Array(Type.String())),
    }),
    { default: [], maxItems: 2 },
  ),
});

function load(toml: string, env: Record<string, string> = {}) {
  const file = join(temporaryFolder(), 'c.toml');
  writeFileSync(file, toml);
  return loadConfig(schema, { file, env, envPrefix: 'X_' });
}

test('a list of tables: defaults of each, what is optional left out', () => {
  expect(
    load('port = 2\n[[channels]]\nname = "x"\n[[channels]]\nname = "y"\nkind = "b"\nto = ["z"]'),
  ).toEqual({
    port: 2,
    channels: [
      { name: 'x', kind: 'a' },
      { name: 'y', kind: 'b', to: ['z'] },
    ],
  });
  expect(load('').channels).toEqual([]);
});

test('the environment gives them as JSON', () => {
  const env = { X_CHANNELS: '[{"name":"x","kind":"b"}]' };
  expect(load('[[channels]]\nname = "file"', env).channels).toEqual([{ name: 'x', kind: 'b' }]);
  expect(load('[[channels]]\nname = "file"', { X_CHANNELS: '' }).channels).toEqual([]);
});

test('an unknown key of a table is refused, with the known ones', async () => {
  const error = await throwsWithCode(
    () => load('[[channels]]\nname = "x"\nsekret = "y"'),
    'config_unknown_key',
  );
  expect(error.detail).toMatchObject({ key: 'channels[0].sekret' });
  expect(error.message).toContain('name, kind, to');
  expect(error.message).toContain('c.toml');
});

test.each<[string, string, string]>([
  ['[[channels]]\nname = "x"\n[[channels]]\nkind = "a"', 'a key that is missing', 'channels[1].name'],
  ['[[channels]]\nname = "x"\nkind = "c"', 'a value that is none of the choices', 'channels[0].kind'],
  ['[[channels]]\nname = "x"\nto = [1]', 'a list of the wrong kind', 'channels[0].to'],
  ['channels = ["x"]', 'texts for tables', 'channels[0]'],
  ['channels = "x"', 'a text for a list', 'channels'],
  ['[channels]\nname = "x"', 'one table for a list', 'channels'],
  ['[[channels]]\nname="x"\n[[channels]]\nname="y"\n[[channels]]\nname="z"', 'too many', 'channels'],
])('%j: %s is refused by name', async (toml, _, key) => {
  expect((await throwsWithCode(() => load(toml), 'config_invalid')).detail).toMatchObject({ key });
});

test.each(['{', '{}', '[1]', '[{"name":1}]', 'x,y'])(
  '%j in the environment is refused by its variable',
  async (text) => {
    const { detail } = await throwsWithCode(() => load('', { X_CHANNELS: text }), 'config_invalid');
    expect(String(detail['key'])).toMatch(/^X_CHANNELS/);
    expect(detail['file']).toMatchObject({ en: 'environment' });
  },
);
