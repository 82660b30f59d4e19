import { createHash } from 'node:crypto';
import { cpSync, readFileSync, rmSync } from 'node:fs';
import { basename as nameOf } from 'node:path';
import { FlattenedEncrypt } from 'jose';
import { describe, expect, test } from 'vitest';
import { type IssuerCertificate, issuerCertificateDocument } from '#core/documents/issuer-certificate.ts';
import { signingKeyToJwk } from '#core/keys.ts';
import { readLedger } from '../../server-stub/vendor/ledger.ts';
import { openSealedKey } from '../../server-stub/vendor/sealed-key.ts';
import { withFailingWrites } from '../support/failing-writes.ts';
import { NOW } from '../support/world.ts';
import { Applicant, PASSPHRASE, type RunOptions, VendorFixture } from './vendor-fixture.ts';

const YEAR = 365 * 86_400;

const replaceRoot = (fixture: VendorFixture) => fixture.run(['replace-root', '--dir', fixture.dir]);
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

/** Seals a key anew, with so few rounds that opening it takes no time. */
async function sealQuickly(fixture: VendorFixture, name: string): Promise<void> {
  const key = signingKeyToJwk(await openSealedKey(fixture.read(name), PASSPHRASE, name));
  const jwe = await new FlattenedEncrypt(Buffer.from(JSON.stringify(key)))
    .setProtectedHeader({ alg: 'PBES2-HS512+A256KW', enc: 'A256GCM' })
    .setKeyManagementParameters({ p2c: 1000 })
    .encrypt(Buffer.from(PASSPHRASE));
  fixture.write(name, JSON.stringify(jwe));
}

describe('recertify', () => {
  async function certified() {
    const fixture = await VendorFixture.create();
    const [one, two, ended] = [new Applicant(), new Applicant({ cid: '2' }), new Applicant({ cid: '3' })];
    const issue = async (applicant: Applicant, name: string, now: number, ...args: string[]) => {
      const application = fixture.write(`${name}.application`, await applicant.apply());
      const done = await fixture.certify([application, '--out', fixture.path(name), ...args], { now });
      if (done.code !== 0) throw new Error(done.out);
      return issuerCertificateDocument.parse(fixture.read(name)).claims;
    };
    const first = await issue(one, 'one.jwt', NOW);
    const renewed = await issue(one, 'one-again.jwt', NOW + YEAR);
    const other = await issue(two, 'two.jwt', NOW);
    await issue(ended, 'ended.jwt', NOW - 2 * YEAR, '--years', '1');
    return { fixture, one, two, first, renewed, other, issue };
  }

  test('gives every server whose certificate lasts another one under the new root, once', async () => {
    const { fixture, first, renewed, other } = await certified();
    const nothing = await fixture.run(['recertify', '--dir', fixture.dir, '--out', fixture.path('early')]);
    // The root was not replaced: there is nothing to certify anew.
    expect(nothing.out).toBe('No server waits for a new certificate.\n');
    await replaceRoot(fixture);
    const recertify = (options: RunOptions = {}) =>
      fixture.run(['recertify', '--dir', fixture.dir, '--out', fixture.path('new'), '--json'], {
        now: NOW + YEAR + 1,
        ...options,
      });
    const { certificates } = (await recertify()).json;
    const read = (file: string) => issuerCertificateDocument.verify(fixture.read(`new/${file}`), [root]);
    const { root } = fixture.roots;
    const claims = await Promise.all(certificates.map(({ file }: { file: string }) => read(nameOf(file))));
    const expected = (of: IssuerCertificate, from: IssuerCertificate): Partial<IssuerCertificate> => ({
      ...{ sub: of.sub, cid: of.cid, cnf: of.cnf, exp: of.exp },
      ...{ serial: of.serial + 1, nbf: from.nbf, iat: NOW + YEAR + 1 },
    });
    expect(claims).toEqual([expected(renewed, first), expected(other, other)]);

    const before = [
      fixture.ledger,
      ...certificates.map(({ file }: { file: string }) => readFileSync(file, 'utf8')),
    ];
    rmSync(certificates[0].file);
    // Nothing is signed, so that no passphrase is needed.
    const again = await recertify({ env: {} });
    expect([again.code, again.json.certificates]).toEqual([0, certificates]);
    const after = certificates.map(({ file }: { file: string }) => readFileSync(file, 'utf8'));
    expect([fixture.ledger, ...after]).toEqual(before);
    const args = ['recertify', '--dir', fixture.dir, '--out', fixture.path('new')];
    const told = await fixture.run(args, { env: {}, now: NOW + YEAR + 1 });
    expect(told.out).toContain('nothing was signed now');

    fixture.write(`new/${nameOf(certificates[1].file)}`, 'something else');
    const refused = await recertify();
    expect([refused.code, refused.json.error]).toEqual([2, 'file_exists']);
    expect(fixture.read(`new/${nameOf(certificates[1].file)}`)).toBe('something else');
  });

  test('leaves out whom certify served since', async () => {
    const { fixture, one, issue } = await certified();
    await replaceRoot(fixture);
    await issue(one, 'one-new.jwt', NOW + YEAR + 1);
    const args = ['recertify', '--dir', fixture.dir, '--out', fixture.path('new'), '--json'];
    const { certificates } = (await fixture.run(args, { now: NOW + YEAR + 1 })).json;
    expect(certificates.map(({ cid }: { cid: string }) => cid)).toEqual(['2']);
  });

  test('of two vendors on one ledger copy none gets the key of the other', async () => {
    const { fixture } = await certified();
    const copy = await VendorFixture.create();
    rmSync(copy.dir, { recursive: true });
    cpSync(fixture.dir, copy.dir, { recursive: true });
    await Promise.all([replaceRoot(fixture), replaceRoot(copy)]);
    cpSync(`${copy.dir}/root.key.2.json`, `${fixture.dir}/root.key.2.json`);
    const mixed = await fixture.run([
      'recertify',
      '--dir',
      fixture.dir,
      '--out',
      fixture.path('x'),
      '--json',
    ]);
    expect(mixed.json.error).toBe('key_file_damaged');
  });

  test('cut off at any write, is finished by running it again: each server gets the certificate of the ledger', async () => {
    const { fixture: replaced } = await certified();
    await replaceRoot(replaced);
    await sealQuickly(replaced, 'vendor/root.key.2.json');
    const expected = { first: 0, again: 0 };
    for (let at = 1; ; at += 1) {
      const fixture = VendorFixture.copyOf(replaced);
      const args = ['recertify', '--dir', fixture.dir, '--out', fixture.path('new'), '--json'];
      const run = (now: number) => fixture.run(args, { now });
      const how = { at, which: 'all from there', cut: 'half' } as const;
      const failed = await withFailingWrites(how, () => run(NOW + YEAR));
      const signedBefore = readLedger(`${fixture.dir}/ledger.jsonl`).entries;

      const { code, json } = await run(NOW + YEAR + 60);
      expect([code, json.certificates?.length]).toEqual([0, 2]);
      const entries = fixture.entries.slice(
        fixture.entries.findIndex(({ kind }) => kind === 'succession') + 1,
      );
      expect(fixture.entries.slice(0, signedBefore.length)).toEqual(signedBefore);
      const files = json.certificates.map(({ file }: { file: string }) => readFileSync(file, 'utf8'));
      expect(files.map(sha256)).toEqual(entries.map((entry) => entry['sha256']));
      for (const entry of entries) expected[entry['at'] === NOW + YEAR ? 'first' : 'again'] += 1;
      if (!failed) break;
    }
    for (const count of Object.values(expected)) expect(count).toBeGreaterThan(0);
  });

  test('certifies once more where the copy of a certificate is lost or spoilt', async () => {
    const { fixture } = await certified();
    await replaceRoot(fixture);
    const recertify = async (out: string) =>
      (await fixture.run(['recertify', '--dir', fixture.dir, '--out', fixture.path(out), '--json'])).json;
    const { certificates: first } = await recertify('first');
    const [lost, spoilt] = first.map(({ file }: { file: string }) => sha256(readFileSync(file, 'utf8')));
    rmSync(`${fixture.dir}/issued/${lost}.jwt`);
    fixture.write(`vendor/issued/${spoilt}.jwt`, 'spoilt');
    const { certificates: second } = await recertify('second');
    const serials = (of: { serial: number }[]) => of.map(({ serial }) => serial);
    expect(serials(second)).toEqual(serials(first).map((serial) => serial + 1));
  });

  test('stops where another run signed since its serials were chosen', async () => {
    const { fixture, one } = await certified();
    await replaceRoot(fixture);
    const application = fixture.write('b.jwt', await one.apply());
    const askSecret = async () => {
      await fixture.certify([application, '--out', fixture.path('between.jwt')]);
      return PASSPHRASE;
    };
    const args = ['recertify', '--dir', fixture.dir, '--out', fixture.path('new'), '--json'];
    const person = { ask: async () => undefined, askSecret };
    const stopped = await fixture.run(args, { env: {}, person });
    expect([stopped.code, stopped.json.error]).toEqual([1, 'ledger_changed']);
    const done = await fixture.run(args);
    expect(done.json.certificates.map(({ cid }: { cid: string }) => cid)).toEqual(['2']);
    const serials = fixture.entries.map(({ serverId, cid, serial }) => `${serverId} ${cid} ${serial}`);
    const certificates = serials.filter((_, index) => fixture.entries[index]?.['kind'] === 'certificate');
    expect(new Set(certificates).size).toBe(certificates.length);
  });
});
