import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { derivePid, deriveRenewId } from '#core/catalog.ts';
import { verifyGrant } from '#core/documents/grant.ts';
import { verifyIssuerCertificate } from '#core/documents/issuer-certificate.ts';
import { parseVendorRoots } from '#core/documents/vendor-roots.ts';
import { ONE_YEAR, VIDEO_SKU } from '../support/world.ts';
import { Applicant, PASSPHRASE, VendorFixture } from './vendor-fixture.ts';

/** The program as shipped, each command a process of its own. */
describe('from init to a grant', () => {
  test('the vendor makes keys, certifies a server, grants what it applied for, and core verifies all of it', async () => {
    const fixture = new VendorFixture();
    const applicant = new Applicant();
    const passphrase = ['--passphrase-file', fixture.write('passphrase', `${PASSPHRASE}\n`)];
    const application = fixture.write('application.jwt', `${await applicant.apply()}\n`);
    const { dir } = fixture;

    const made = await fixture.spawn(['init', '--dir', dir, '--name', 'Vendor', ...passphrase, '--json']);
    expect(made).toMatchObject({ code: 0, err: '' });
    const roots = parseVendorRoots(readFileSync(made.json.rootsFile, 'utf8'), 'roots');
    expect(made.json).toEqual({
      dir,
      vendor: 'Vendor',
      rootsFile: `${dir}/vendor-roots.json`,
      root: roots.root.thumbprint,
      spare: roots.spare.thumbprint,
    });

    const certified = await fixture.spawn(['certify', application, '--dir', dir, ...passphrase, '--json']);
    expect(certified.code).toBe(0);
    const { serverId, appId, key, cid } = applicant;
    expect(certified.json).toMatchObject({ kind: 'certificate', serverId, cid, serial: 1 });
    expect(certified.json.file).toBe(fixture.path(`work/issuer-${serverId.slice(0, 8)}-1.jwt`));
    const now = Math.floor(Date.now() / 1000);
    const certificate = await verifyIssuerCertificate(
      readFileSync(certified.json.file, 'utf8'),
      [roots.root],
      now,
    );
    expect(certificate).toMatchObject({ sub: serverId, cid, serial: 1, cnf: { jwk: key.jwk } });
    expect(certificate.exp - now).toBeGreaterThan(4.9 * 365 * 86_400);

    const pid = derivePid(VIDEO_SKU, ONE_YEAR, 'device');
    const granted = await fixture.spawn(
      ['grant', '--dir', dir, '--from', application, '--renewal', `pid=${pid},validity=1y,count=20`].concat(
        ['--out', 'grant.jwt', '--yes', '--json'],
        passphrase,
      ),
    );
    expect(granted.code).toBe(0);
    const document = readFileSync(fixture.path('work/grant.jwt'), 'utf8');
    const { grant, terms } = await verifyGrant(document, [roots.root]);
    expect(grant).toMatchObject({
      aud: serverId,
      cid,
      name: 'Example School',
      grantId: granted.json.grantId,
    });
    expect(grant.apps).toEqual([{ appId, vid: '100001', name: 'Classroom', preallocation: true }]);
    expect(terms.map(({ claims }) => claims)).toMatchObject([
      { kind: 'purchase', pid, count: 100, label: 'Video', tokenLifeSeconds: 90 * 86_400 },
      { kind: 'renewal', pid, count: 20, renewId: deriveRenewId(pid, ONE_YEAR) },
    ]);
    expect(granted.json.lines).toMatchObject([{ pid }, { renewId: deriveRenewId(pid, ONE_YEAR) }]);

    const sha256 = createHash('sha256').update(document).digest('hex');
    expect(fixture.entries.map(({ kind }) => kind)).toEqual(['init', 'certificate', 'grant']);
    expect(fixture.entries[2]).toMatchObject({ grantId: grant.grantId, serverId, cid, sha256 });
    expect(fixture.read(`vendor/issued/${sha256}.jwt`)).toBe(document);

    const shown = await fixture.spawn(['show', 'grant.jwt', '--dir', dir, '--json']);
    expect(shown.json).toMatchObject({
      typ: 'license-grant+jwt',
      verifiedBy: 'root',
      lines: [{ pid }, { pid }],
    });
  });

  test('what people are told is in their language, and a command line that cannot be is refused with exit 2', async () => {
    const fixture = await VendorFixture.create();
    const zh = await fixture.spawn(['init', '--dir', fixture.dir, '--name', 'X'], { LANG: 'zh_CN.UTF-8' });
    expect(zh).toMatchObject({ code: 2, out: '' });
    expect(zh.err).toContain('已初始化，未做任何更改 [already_initialized]');

    const none = await fixture.spawn(['grant', '--json']);
    expect(none).toMatchObject({ code: 2, err: '' });
    expect(none.json).toMatchObject({ error: 'usage' });
    expect(await fixture.spawn([])).toMatchObject({ code: 2 });
    const help = await fixture.spawn(['--help']);
    expect(help).toMatchObject({ code: 0, err: '' });
    expect(help.out).toContain('certify');
  });

  test('a process that nobody sits at takes no passphrase from nowhere', async () => {
    const fixture = await VendorFixture.create();
    const application = fixture.write('application.jwt', await new Applicant().apply());
    const before = statSync(`${fixture.dir}/ledger.jsonl`).size;
    const result = await fixture.spawn(['certify', application, '--dir', fixture.dir, '--json']);
    expect(result.json).toMatchObject({ error: 'passphrase_missing' });
    expect(statSync(`${fixture.dir}/ledger.jsonl`).size).toBe(before);
  });
});
