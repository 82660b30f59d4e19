import { join } from 'node:path';
import { expect, test } from 'vitest';
import { writeFileDurably } from '#core/host/files.ts';
import { loadServerConfig } from '../../server-stub/config.ts';
import { openDirectory } from '../../server-stub/oidc/open-directory.ts';
import { temporaryFolder } from '../support/folder.ts';
import { throwsWithCode } from '../support/throws.ts';

const open = (env: Readonly<Record<string, string>>) => {
  const prefixed = Object.entries(env).map(([key, value]) => [`LICENSE_SERVER_OIDC_${key}`, value]);
  return openDirectory(loadServerConfig(undefined, Object.fromEntries(prefixed)), {});
};
const GOOD = { ISSUER: 'https://directory.example.edu', CLIENT_ID: 'license-server' };

test('without an issuer there is no directory; with one nothing is asked of it at the start', async () => {
  expect(open({})).toBeUndefined();
  expect(open({ ...GOOD, NAME: 'Example School' })?.name).toBe('Example School');
  expect(open({ ...GOOD, ISSUER: 'http://127.0.0.1:8080/realm' })).toBeDefined();
  await open(GOOD)?.close();
});

test.each<[string, Readonly<Record<string, string>>]>([
  ['no client', { CLIENT_ID: '' }],
  ['plain HTTP to another host', { ISSUER: 'http://directory.example.edu' }],
  ['an issuer with a query', { ISSUER: 'https://directory.example.edu/?tenant=1' }],
  ['an issuer that is no URL', { ISSUER: 'https://' }],
  ['another protocol', { ISSUER: 'ldap://directory.example.edu' }],
  ['a scope without openid', { SCOPE: 'profile' }],
  ['a Console address with a path', { CONSOLE_URL: 'https://licenses.example.edu/console' }],
  ['an administrator of one company', { ROLES: '[{"group":"it","role":"admin","cid":"717241"}]' }],
  ['a role that is none', { ROLES: '[{"group":"it","role":"root"}]' }],
])('%s is refused at the start', async (_, wrong) => {
  await throwsWithCode(() => open({ ...GOOD, ...wrong }), 'config_invalid');
});

test('the secret stands in a file of its owner alone', async () => {
  const file = join(temporaryFolder(), 'secret');
  writeFileDurably(file, 'secret\n', 0o644);
  await throwsWithCode(() => open({ ...GOOD, CLIENT_SECRET_FILE: file }), 'key_file_permissions');
  writeFileDurably(file, '\n', 0o600);
  await throwsWithCode(() => open({ ...GOOD, CLIENT_SECRET_FILE: file }), 'config_invalid');
  await throwsWithCode(() => open({ ...GOOD, CLIENT_SECRET_FILE: `${file}.none` }), 'file_unreadable');
});
