import { cpSync, existsSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { type IssuerCertificate, issuerCertificateDocument } from '#core/documents/issuer-certificate.ts';
import { adoptSuccession, MAX_SUCCESSIONS } from '#core/documents/root-succession.ts';
import { signSuccession } from '../../server-stub/vendor/sign-succession.ts';
import { NOW, World } from '../support/world.ts';
import { Applicant, PASSPHRASE, type RunOptions, VendorFixture } from './vendor-fixture.ts';

const YEAR = 365 * 86_400;

const replaceRoot = (fixture: VendorFixture, args: readonly string[] = [], options: RunOptions = {}) =>
  fixture.run(['replace-root', '--dir', fixture.dir, '--json', ...args], options);

describe('replace-root', () => {
  test('makes new keys that the present two signed for, and what was pinned leads to them', async () => {
    const fixture = await VendorFixture.create();
    const before = fixture.roots;
    const { json } = await replaceRoot(fixture);
    const after = fixture.roots;
    expect(json).toEqual({
      version: 2,
      root: after.root.thumbprint,
      spare: after.spare.thumbprint,
      rootsFile: `${fixture.dir}/vendor-roots.json`,
    });
    const followed = await adoptSuccession(before, after.rootSuccession);
    expect([followed.root.thumbprint, followed.spare.thumbprint]).toEqual([json.root, json.spare]);
    expect(after.all.map(({ thumbprint }) => thumbprint)).toEqual([json.root, before.root.thumbprint]);
    expect(fixture.entries.at(-1)).toMatchObject({ kind: 'succession', version: 2, root: json.root });
    for (const file of ['root.key.2.json', 'spare.key.2.json'])
      expect(statSync(`${fixture.dir}/${file}`).mode & 0o777).toBe(0o600);

    const again = await replaceRoot(fixture);
    expect(again.json.version).toBe(3);
    expect((await adoptSuccession(before, fixture.roots.rootSuccession)).root.thumbprint).toBe(
      again.json.root,
    );
  });

  test('tells in both languages what comes next', async () => {
    const fixture = await VendorFixture.create();
    const told = await fixture.run(['replace-root', '--dir', fixture.dir], { language: 'zh' });
    expect(told.out).toContain('license-vendor recertify');
    expect(told.out).toContain('root.key.2.json');
    const nothing = await fixture.run(['recertify', '--dir', fixture.dir, '--out', fixture.path('new')]);
    expect(nothing.out).toBe('No server waits for a new certificate.\n');
    expect(existsSync(fixture.path('new'))).toBe(false);
  });

  test('needs both keys: a wrong passphrase, or a spare that is not there, changes nothing', async () => {
    const fixture = await VendorFixture.create();
    const before = [fixture.ledger, fixture.read('vendor/vendor-roots.json')];
    const wrong = fixture.write('wrong', 'wrong horse battery staple\n');
    const refused = await replaceRoot(fixture, ['--spare-passphrase-file', wrong]);
    expect([refused.code, refused.json.error]).toEqual([2, 'passphrase_wrong']);
    rmSync(`${fixture.dir}/spare.key.json`);
    expect((await replaceRoot(fixture)).code).not.toBe(0);
    expect([fixture.ledger, fixture.read('vendor/vendor-roots.json')]).toEqual(before);
  });

  test('cut off before the roots file was written, the present root stays, and it is done again', async () => {
    const fixture = await VendorFixture.create();
    const roots = fixture.read('vendor/vendor-roots.json');
    const before = fixture.roots;
    await replaceRoot(fixture);
    writeFileSync(`${fixture.dir}/vendor-roots.json`, roots);
    const application = fixture.write('a.jwt', await new Applicant().apply());
    expect((await fixture.certify([application, '--out', fixture.path('issuer.jwt')])).code).toBe(0);
    const { kid } = issuerCertificateDocument.parse(fixture.read('issuer.jwt'));
    expect(kid).toBe(before.root.thumbprint);
    const done = await replaceRoot(fixture);
    expect(done.json.version).toBe(2);
    expect(fixture.roots.root.thumbprint).toBe(done.json.root);
  });

  test('new keys can have a passphrase of their own', async () => {
    const fixture = await VendorFixture.create();
    const chosen = 'another horse battery staple';
    const file = fixture.write('new', `${chosen}\n`);
    await replaceRoot(fixture, ['--new-passphrase-file', file]);
    const application = fixture.write('a.jwt', await new Applicant().apply());
    const certify = (passphrase: string) =>
      fixture.certify([application, '--out', fixture.path('issuer.jwt')], {
        env: { LICENSE_VENDOR_PASSPHRASE: passphrase },
      });
    expect((await certify(PASSPHRASE)).json.error).toBe('passphrase_wrong');
    expect((await certify(chosen)).code).toBe(0);
  });

  test('ends where devices follow no further', async () => {
    const world = new World();
    let [present, known] = [{ root: world.root, spare: world.spare }, world.roots];
    const sign = (next: typeof present) => signSuccession(known, present, next, NOW);
    for (let done = 0; done < MAX_SUCCESSIONS; done += 1) {
      const next = new World();
      await sign(next);
      known = {
        ...(await adoptSuccession(known, (await sign(next)).roots.rootSuccession ?? [])),
        vendor: 'V',
      };
      present = next;
    }
    await expect(sign(new World())).rejects.toMatchObject({ code: 'root_successions_spent' });
  });
});

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
    const recertify = () =>
      fixture.run(['recertify', '--dir', fixture.dir, '--out', fixture.path('new'), '--json'], {
        now: NOW + YEAR + 1,
      });
    const { certificates } = (await recertify()).json;
    const read = (file: string) => issuerCertificateDocument.verify(fixture.read(`new/${file}`), [root]);
    const { root } = fixture.roots;
    const claims = await Promise.all(
      certificates.map(({ file }: { file: string }) => read(file.slice(file.lastIndexOf('/') + 1))),
    );
    const expected = (of: IssuerCertificate, from: IssuerCertificate): Partial<IssuerCertificate> => ({
      ...{ sub: of.sub, cid: of.cid, cnf: of.cnf, exp: of.exp },
      ...{ serial: of.serial + 1, nbf: from.nbf, iat: NOW + YEAR + 1 },
    });
    expect(claims).toEqual([expected(renewed, first), expected(other, other)]);
    expect((await recertify()).json.certificates).toEqual([]);
  });

  test('leaves out whom certify served since', async () => {
    const { fixture, one, issue } = await certified();
    await replaceRoot(fixture);
    await issue(one, 'one-new.jwt', NOW + YEAR);
    const args = ['recertify', '--dir', fixture.dir, '--out', fixture.path('new'), '--json'];
    const { certificates } = (await fixture.run(args, { now: NOW + YEAR })).json;
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
});
