import { cpSync, existsSync, mkdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { issuerCertificateDocument } from '#core/documents/issuer-certificate.ts';
import { adoptSuccession, MAX_SUCCESSIONS } from '#core/documents/root-succession.ts';
import { signSuccession } from '../../server-stub/vendor/sign-succession.ts';
import { englishIn } from '../support/chinese.ts';
import { NOW, World } from '../support/world.ts';
import { Applicant, PASSPHRASE, type RunOptions, VendorFixture } from './vendor-fixture.ts';

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

  test('what was signed while the clock was ahead stays good after the root was replaced', async () => {
    const fixture = await VendorFixture.create();
    const application = fixture.write('a.jwt', await new Applicant().apply());
    const ahead = NOW + 366 * 86_400;
    const certified = await fixture.certify([application, '--out', fixture.path('c.jwt')], { now: ahead });
    expect(certified.code).toBe(0);
    await replaceRoot(fixture);
    const { iat } = await issuerCertificateDocument.verify(fixture.read('c.jwt').trim(), fixture.roots.all);
    expect(iat).toBe(ahead);
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

  /** Whether the vendor can sign, and with the key that the ledger and the roots file both name. */
  async function expectSigning(fixture: VendorFixture, { now = NOW } = {}) {
    const application = fixture.write('a.jwt', await new Applicant().apply());
    rmSync(fixture.path('issuer.jwt'), { force: true });
    const named = fixture.entries.findLast(({ kind }) => kind === 'init' || kind === 'succession');
    const done = await fixture.certify([application, '--out', fixture.path('issuer.jwt')], { now });
    expect([done.code, done.out]).toEqual([0, expect.stringContaining('"kind":"certificate"')]);
    const { kid } = issuerCertificateDocument.parse(fixture.read('issuer.jwt'));
    expect([named?.['root'], fixture.roots.root.thumbprint]).toEqual([kid, kid]);
  }

  test('cut off after its entry in the ledger, nothing is signed until it is run again and finishes', async () => {
    const fixture = await VendorFixture.create();
    const [before, name] = [fixture.roots.root.thumbprint, 'root.key.2.json'];
    const { json } = await replaceRoot(fixture);
    // As it stands between the entry and the files.
    mkdirSync(`${fixture.dir}/next`);
    for (const [from, to] of [
      [name, 'root.key.json'],
      ['spare.key.2.json', 'spare.key.json'],
      ['vendor-roots.json', 'vendor-roots.json'],
    ])
      renameSync(`${fixture.dir}/${from}`, `${fixture.dir}/next/${to}`);
    const {
      rootSuccession: _,
      previous,
      ...roots
    } = JSON.parse(fixture.read('vendor/next/vendor-roots.json'));
    const first = await VendorFixture.create();
    expect(first.roots.root.thumbprint).toBe(before);
    cpSync(`${first.dir}/vendor-roots.json`, `${fixture.dir}/vendor-roots.json`);
    expect(JSON.parse(fixture.read('vendor/vendor-roots.json')).root).toEqual(previous[0]);

    const application = fixture.write('a.jwt', await new Applicant().apply());
    const refused = await fixture.certify([application, '--out', fixture.path('issuer.jwt')]);
    expect(refused).toMatchObject({
      code: 2,
      json: {
        error: 'succession_unfinished',
        remedy: `Run: license-vendor replace-root --dir ${fixture.dir}`,
      },
    });
    const said = await fixture.run(['recertify', '--dir', fixture.dir, '--out', 'x'], { language: 'zh' });
    expect(englishIn(said.err.replaceAll(fixture.dir, ''))).toEqual([]);

    const finished = await replaceRoot(fixture);
    expect([finished.code, finished.json]).toEqual([0, json]);
    expect(finished.err).toContain('cut off');
    expect(fixture.roots.root.jwk).toEqual(roots.root);
    await expectSigning(fixture);
  });

  test('whose new keys are lost after its entry says so, and goes back to nothing', async () => {
    const fixture = await VendorFixture.create();
    const roots = fixture.read('vendor/vendor-roots.json');
    await replaceRoot(fixture);
    fixture.write('vendor/vendor-roots.json', roots);
    const refused = await replaceRoot(fixture);
    expect([refused.code, refused.json.error]).toEqual([2, 'file_unreadable']);
    expect(fixture.read('vendor/vendor-roots.json')).toBe(roots);
  });

  test('of two at once one wins, and the vendor signs with its keys', async () => {
    const fixture = await VendorFixture.create();
    const args = ['replace-root', '--dir', fixture.dir, '--json'];
    const env = { LICENSE_VENDOR_PASSPHRASE: PASSPHRASE };
    const both = await Promise.all([fixture.spawn(args, env), fixture.spawn(args, env)]);
    const won = both.filter(({ code }) => code === 0);
    const lost = both.filter(({ code }) => code !== 0);
    // Where the machine ran one after the other, both did what they were asked to.
    expect(lost.map(({ code, json }) => [code, json.error])).toEqual(lost.map(() => [1, 'ledger_changed']));
    expect(fixture.roots.all).toHaveLength(1 + won.length);
    expect(won.map(({ json }) => json.root)).toContain(fixture.roots.root.thumbprint);
    await expectSigning(fixture);
  });

  test('that waited for its passphrase while another finished changes nothing', async () => {
    const fixture = await VendorFixture.create();
    let other = '';
    const slowly = async () => {
      other = (await replaceRoot(fixture)).json.root;
      return PASSPHRASE;
    };
    const person = { ask: async () => undefined, askSecret: slowly };
    const late = await replaceRoot(fixture, [], { env: {}, person });
    expect([late.code, late.json.error]).toEqual([1, 'ledger_changed']);
    expect(fixture.roots.root.thumbprint).toBe(other);
    await expectSigning(fixture);
    const said = await fixture.run(['replace-root', '--dir', fixture.dir], {
      ...{ env: {}, language: 'zh' },
      person: { ...person, askSecret: slowly },
    });
    expect(englishIn(said.err.replaceAll(fixture.dir, ''))).toEqual([]);
  });

  test('that waited while a certificate was signed replaces the root all the same', async () => {
    const fixture = await VendorFixture.create();
    const application = fixture.write('b.jwt', await new Applicant().apply());
    const askSecret = async () => {
      await fixture.certify([application, '--out', fixture.path('b-issuer.jwt')]);
      return PASSPHRASE;
    };
    const person = { ask: async () => undefined, askSecret };
    expect((await replaceRoot(fixture, [], { env: {}, person })).json.version).toBe(2);
    await expectSigning(fixture);
  });

  test('is waited for by nobody: what was drafted under the root before is not signed', async () => {
    const fixture = await VendorFixture.create();
    const application = fixture.write('b.jwt', await new Applicant().apply());
    const askSecret = async () => {
      await replaceRoot(fixture);
      return PASSPHRASE;
    };
    const person = { ask: async () => undefined, askSecret };
    const late = await fixture.certify([application, '--out', fixture.path('b-issuer.jwt')], {
      env: {},
      person,
    });
    expect(late.json.error).toBe('ledger_changed');
    expect(existsSync(fixture.path('b-issuer.jwt'))).toBe(false);
    expect(existsSync(`${fixture.dir}/issued`)).toBe(false);
    await expectSigning(fixture);
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
