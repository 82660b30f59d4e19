import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { bundleOf } from '../../agent/doctor/bundle.ts';
import { examine } from '../../agent/doctor/examine.ts';
import { withoutSecrets } from '../../agent/doctor/without-secrets.ts';
import type { Environment } from '../../agent/options.ts';
import { temporaryFolder } from '../support/folder.ts';
import { NOW } from '../support/world.ts';
import { licensed } from './doctor-support.ts';
import { type AgentFolder, runProgram } from './support.ts';

async function report(folder: AgentFolder, { env = {} as Environment, withIdentity = false } = {}) {
  const options = { config: folder.configFile };
  const examination = await examine({ config: folder.config, options, env, now: NOW });
  const text = gunzipSync(await bundleOf(examination, { env, now: NOW, withIdentity })).toString();
  return { text, json: JSON.parse(text) };
}

/** Every text of a device that must not leave it. */
function secretsOf(folder: AgentFolder): string[] {
  const pem = readFileSync(join(folder.state, 'device-key.pem'), 'utf8');
  const jwk = JSON.parse(
    execFileSync(
      process.execPath,
      [
        '-e',
        'console.log(JSON.stringify(require("crypto").createPrivateKey(require("fs").readFileSync(0)).export({format:"jwk"})))',
      ],
      { input: pem, encoding: 'utf8' },
    ),
  ) as { d: string };
  const raw = Buffer.from(jwk.d, 'base64url');
  const { enrollment, fingerprintKey } = folder.enrollment;
  const { secret } = enrollment;
  return [
    ...pem.split('\n').filter((line) => line !== '' && !line.startsWith('-----END')),
    ...[jwk.d, raw.toString('base64'), raw.toString('hex')],
    ...[secret, fingerprintKey].flatMap((text) => [
      text,
      Buffer.from(text, 'base64url').toString('base64'),
      Buffer.from(text, 'base64url').toString('hex'),
    ]),
  ];
}

describe('the report', () => {
  test.each([
    ['http://school:pa-S3cr3t@proxy.school:3128', ['pa-S3cr3t']],
    ['school:pa-S3cr3t@proxy.school:3128', ['pa-S3cr3t']],
    ['http://school:pa@S3cr3t@proxy.school:3128', ['S3cr3t']],
    [`http://school:p/a"S3cr3t'@proxy.school:3128`, ['S3cr3t']],
    ['//school:pa-S3cr3t@proxy.school', ['pa-S3cr3t']],
  ])('names a proxy as %s without its password', async (proxy, secrets) => {
    const { folder } = await licensed();
    for (const name of ['https_proxy', 'HTTP_PROXY']) {
      const { text } = await report(folder, { env: { [name]: proxy } });
      expect(text).toContain('proxy.school');
      for (const secret of secrets) expect(text).not.toContain(secret);
    }
  });

  test('holds what helps', async () => {
    const { folder, world } = await licensed();
    const { json } = await report(folder);
    expect(json).toMatchObject({
      version: 1,
      madeAt: '2026-03-01T00:00:00Z',
      status: { state: 'active', licenseKey: world.licenseKey },
      configuration: { stateDir: folder.state },
      enrollment: { appId: world.appId, enrollment: { id: folder.enrollment.enrollment.id } },
      held: { token: { licenseKey: world.licenseKey } },
      store: { rows: { license: 1 } },
    });
    expect(json.findings.length).toBeGreaterThan(10);
    expect(json.findings[0].what).toEqual({ en: expect.any(String), zh: expect.any(String) });
  });

  test('holds no secret, not even where somebody wrote one where none should be', async () => {
    const { folder } = await licensed();
    const secrets = secretsOf(folder);
    folder.enroll(`https://school:${'p4ssw0rd'}@127.0.0.1:1`);
    const { enrollment, fingerprintKey } = folder.enrollment;
    folder.configure(`licenseKeyFile = "/x/${enrollment.secret}/${fingerprintKey}"`);
    const env = { https_proxy: 'http://school:p4ssw0rd@proxy.invalid:3128' };
    const { text, json } = await report(folder, { env });
    for (const secret of [...secrets, 'p4ssw0rd', 'PRIVATE KEY'])
      expect([secret, text.includes(secret)]).toEqual([secret, false]);
    expect(json.configuration.licenseKeyFile).toBe('/x/***/***');
    expect(json.proxies.https_proxy).toBe('http://***@proxy.invalid:3128');
  });

  test('has digests in the place of serial numbers, each report its own; whole ones where that is wished', async () => {
    const { folder } = await licensed();
    // A MAC as a LicenseKey is made of it.
    folder.configure('licenseKeyFile = "/x/001B21AABB01"');
    const [one, other] = [await report(folder), await report(folder)];
    expect(one.json.configuration.licenseKeyFile).toMatch(/^\/x\/digest:/);
    for (const value of ['BSN-1', '4c4c4544-0042-3510-8054-b4c04f4d3332', '00:1b:21:aa:bb:01'])
      expect([value, one.text.includes(value)]).toEqual([value, false]);
    const [serial] = one.json.identity.components.boardSerial;
    expect(serial).toMatch(/^digest:[0-9a-f]{12}$/);
    expect(other.json.identity.components.boardSerial).not.toEqual([serial]);
    const whole = await report(folder, { withIdentity: true });
    expect(whole.json.identity.components.boardSerial).toEqual(['BSN-1']);
  });

  test('has the newest lines of the journal, without what looks like a secret', async () => {
    const { folder } = await licensed();
    const bin = join(temporaryFolder(), 'bin');
    mkdirSync(bin);
    const key = '-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIA\n-----END PRIVATE KEY-----';
    const script = `#!/bin/sh\n[ "$2" = license-agent ] || exit 1\nseq 1 2000 | sed 's/^/line /'\necho 'board BSN-1 of ${folder.enrollment.fingerprintKey}'\ncat <<'END'\n${key}\nEND\n`;
    writeFileSync(join(bin, 'journalctl'), script, { mode: 0o755 });
    const file = join(temporaryFolder(), 'report.json.gz');
    await runProgram(['doctor', '--bundle', file, '--config', folder.configFile], {
      PATH: `${bin}:${process.env['PATH']}`,
    });
    const text = gunzipSync(readFileSync(file)).toString();
    const { log } = JSON.parse(text) as { log: string[] };
    expect(log.length).toBeLessThanOrEqual(500);
    expect(log).toContain('line 2000');
    expect(log.some((line) => /^board digest:|^board BSN-1/.test(line))).toBe(true);
    for (const secret of [folder.enrollment.fingerprintKey, 'MC4CAQAwBQYDK2VwBCIEIA'])
      expect(text).not.toContain(secret);
  });

  test('is written by the command once, for its owner alone', async () => {
    const { folder } = await licensed();
    const file = join(temporaryFolder(), 'report.json.gz');
    const args = ['doctor', '--bundle', file, '--config', folder.configFile];
    expect((await runProgram(args)).stdout).toContain(`The report, without secrets, is ${file}.`);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const again = await runProgram([...args, '--json']);
    expect([again.exit, again.json['error']]).toEqual([2, 'file_exists']);
  });

  test('of a device whose configuration cannot be used is written all the same', async () => {
    const { folder } = await licensed();
    writeFileSync(folder.configFile, 'stateDir = "x');
    const file = join(temporaryFolder(), 'report.json.gz');
    const { exit } = await runProgram(['doctor', '--bundle', file, '--config', folder.configFile]);
    expect(exit).toBe(1);
    expect(JSON.parse(gunzipSync(readFileSync(file)).toString()).findings[0].outcome).toBe('fault');
  });
});

test.each([
  ['a secret', 'see s3cret-s3cret here', 'see *** here'],
  [
    'names and passwords in URLs',
    '"http://a:b@h:1/x" https://c@h/ ftp://h',
    '"http://***@h:1/x" https://***@h/ ftp://h',
  ],
  ['an at sign elsewhere', 'http://h/a@b mail@h', 'http://h/a@b mail@h'],
  ['a private key', 'x -----BEGIN EC PRIVATE KEY-----\\nAB\\n-----END EC PRIVATE KEY----- y', 'x *** y'],
  ['one that is cut off', 'x -----BEGIN PRIVATE KEY-----\\nAB', 'x ***'],
])('without %s', (_, text, clean) => {
  expect(withoutSecrets(text, ['s3cret-s3cret', ''])).toBe(clean);
});
