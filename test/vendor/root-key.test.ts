import { chmodSync, copyFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { Applicant, VendorFixture } from './vendor-fixture.ts';

async function applied() {
  const fixture = await VendorFixture.create();
  return { fixture, application: fixture.write('application.jwt', await new Applicant().apply()) };
}

/** Nothing is signed, and the ledger is as it was. */
async function expectRefused(
  { fixture, application }: Awaited<ReturnType<typeof applied>>,
  error: string,
  env?: Record<string, string>,
) {
  const before = fixture.ledger;
  const refused = await fixture.certify([application, '--out', fixture.path('issuer.jwt')], env && { env });
  expect(refused).toMatchObject({ code: 2, json: { error } });
  expect(fixture.ledger).toBe(before);
  expect(() => fixture.read('issuer.jwt')).toThrow('ENOENT');
}

describe('the root key', () => {
  test('does not open with a wrong passphrase', async () => {
    await expectRefused(await applied(), 'passphrase_wrong', {
      LICENSE_VENDOR_PASSPHRASE: 'wrong horse battery staple',
    });
  });

  test('does not open once a bit of its file was flipped', async () => {
    const world = await applied();
    const jwe = JSON.parse(world.fixture.read('vendor/root.key.json'));
    const bytes = Buffer.from(jwe.ciphertext, 'base64url');
    bytes.writeUInt8(bytes.readUInt8(10) ^ 1, 10);
    world.fixture.write(
      'vendor/root.key.json',
      JSON.stringify({ ...jwe, ciphertext: bytes.toString('base64url') }),
    );
    await expectRefused(world, 'passphrase_wrong');
  });

  test.each([
    ['is no JSON', () => 'not a key'],
    ['brings an unprotected header', (jwe: object) => JSON.stringify({ ...jwe, header: { p2c: 1 } })],
    [
      'asks for so many rounds that the program would not come back',
      (jwe: object) => JSON.stringify({ ...jwe, protected: headerWith({ p2c: 100_000_000 }) }),
    ],
    [
      'is sealed by another algorithm',
      (jwe: object) => JSON.stringify({ ...jwe, protected: headerWith({ alg: 'PBES2-HS256+A128KW' }) }),
    ],
  ])('is called damaged where its file %s', async (_, alter) => {
    const world = await applied();
    const jwe = JSON.parse(world.fixture.read('vendor/root.key.json'));
    world.fixture.write('vendor/root.key.json', alter(jwe));
    await expectRefused(world, 'key_file_damaged');
  });

  test('is refused where others may read its file, before the passphrase is asked for', async () => {
    const world = await applied();
    chmodSync(world.fixture.path('vendor/root.key.json'), 0o644);
    await expectRefused(world, 'key_file_permissions', {});
  });

  test('is refused where it is not the key that devices pin', async () => {
    const world = await applied();
    copyFileSync(world.fixture.path('vendor/spare.key.json'), world.fixture.path('vendor/root.key.json'));
    await expectRefused(world, 'key_file_damaged');
  });
});

function headerWith(overrides: object): string {
  const header = { alg: 'PBES2-HS512+A256KW', enc: 'A256GCM', p2c: 600_000, p2s: 'AAAAAAAAAAAAAAAAAAAAAA' };
  return Buffer.from(JSON.stringify({ ...header, ...overrides })).toString('base64url');
}
