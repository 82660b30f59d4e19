import { mkdirSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openSealedKey } from '../../server-stub/vendor/sealed-key.ts';
import { PASSPHRASE, VendorFixture } from './vendor-fixture.ts';

const modeOf = (file: string) => statSync(file).mode & 0o777;

describe('license-vendor init', () => {
  test('makes a private folder: sealed keys, the roots for device makers, a ledger that says whose it is', async () => {
    const fixture = await VendorFixture.create();
    expect(readdirSync(fixture.dir).sort()).toEqual([
      'ledger.jsonl',
      'root.key.json',
      'spare.key.json',
      'vendor-roots.json',
    ]);
    expect(modeOf(join(fixture.dir, 'root.key.json'))).toBe(0o600);
    expect(modeOf(join(fixture.dir, 'spare.key.json'))).toBe(0o600);
    const { root, spare } = fixture.roots;
    expect(fixture.entries).toMatchObject([
      { kind: 'init', vendor: 'Test Vendor', root: root.thumbprint, spare: spare.thumbprint },
    ]);
  });

  test('seals keys as a JWE with at least 600,000 rounds, and gives each its own passphrase where asked', async () => {
    const fixture = new VendorFixture();
    const spareFile = fixture.write('spare', 'another passphrase for the safe');
    const args = ['init', '--dir', fixture.dir, '--name', 'V', '--spare-passphrase-file', spareFile];
    expect(await fixture.run(args)).toMatchObject({ code: 0 });
    expect(modeOf(fixture.dir)).toBe(0o700);

    const sealed = fixture.read('vendor/spare.key.json');
    const header = JSON.parse(Buffer.from(JSON.parse(sealed).protected, 'base64url').toString());
    expect(header).toMatchObject({ alg: 'PBES2-HS512+A256KW', enc: 'A256GCM' });
    expect(header.p2c).toBeGreaterThanOrEqual(600_000);
    expect(sealed).not.toContain('"d"');

    const spare = await openSealedKey(sealed, 'another passphrase for the safe', 'spare.key.json');
    expect(spare.thumbprint).toBe(fixture.roots.spare.thumbprint);
    await expect(openSealedKey(sealed, PASSPHRASE, 'spare.key.json')).rejects.toMatchObject({
      code: 'passphrase_wrong',
    });
  });

  test('takes an empty folder, and refuses one that holds anything, changing nothing', async () => {
    const fixture = new VendorFixture();
    mkdirSync(fixture.dir);
    fixture.write('vendor/notes.txt', 'mine');
    const refused = await fixture.run(['init', '--dir', fixture.dir, '--name', 'V', '--json']);
    expect(refused.json).toMatchObject({ error: 'already_initialized' });
    expect(readdirSync(fixture.dir)).toEqual(['notes.txt']);
  });

  test.each([
    ['a passphrase of 11 characters', { LICENSE_VENDOR_PASSPHRASE: 'elevenchars' }, 'passphrase_too_short'],
    ['no passphrase', {}, 'passphrase_missing'],
  ])('refuses %s and makes nothing', async (_, env, error) => {
    const fixture = new VendorFixture();
    const refused = await fixture.run(['init', '--dir', fixture.dir, '--name', 'V', '--json'], { env });
    expect(refused.json).toMatchObject({ error });
    expect(readdirSync(fixture.folder)).toEqual([]);
  });

  test('asks a person twice, and makes nothing where the two differ', async () => {
    const fixture = new VendorFixture();
    const replies = [PASSPHRASE, `${PASSPHRASE}!`];
    const person = { ask: async () => 'y', askSecret: async () => replies.shift() };
    const args = ['init', '--dir', fixture.dir, '--name', 'V', '--json'];
    const refused = await fixture.run(args, { env: {}, person });
    expect(refused.json).toMatchObject({ error: 'passphrases_differ' });
    expect(readdirSync(fixture.folder)).toEqual([]);
  });
});
