import { describe, expect, test } from 'vitest';
import { addValidity } from '#core/calendar.ts';
import { issuerCertificateDocument } from '#core/documents/issuer-certificate.ts';
import { generateSigningKey } from '#core/keys.ts';
import { NOW } from '../support/world.ts';
import { Applicant, VendorFixture } from './vendor-fixture.ts';

describe('license-vendor certify', () => {
  test('gives serials that only rise, per server and company', async () => {
    const fixture = await VendorFixture.create();
    const school = new Applicant();
    const application = fixture.write('school.jwt', await school.apply());
    const otherCompany = fixture.write('other.jwt', await school.apply({ cid: '9' }));
    const out = ['--out', '-'];

    expect((await fixture.certify([application, ...out])).json).toMatchObject({ serial: 1 });
    expect((await fixture.certify([application, ...out, '--serial', '7'])).json).toMatchObject({ serial: 7 });
    expect((await fixture.certify([otherCompany, ...out])).json).toMatchObject({ serial: 1, cid: '9' });
    const before = fixture.ledger;
    const refused = await fixture.certify([application, ...out, '--serial', '7']);
    expect(refused).toMatchObject({
      code: 2,
      json: { error: 'parameter_invalid', detail: { name: '--serial', problem: 'must be above 7' } },
    });
    expect(fixture.ledger).toBe(before);
    expect((await fixture.certify([application, ...out])).json).toMatchObject({ serial: 8 });
  });

  test('lasts as many years as asked for, five by default, and stands on stdout alone with --out -', async () => {
    const fixture = await VendorFixture.create();
    const application = fixture.write('application.jwt', await new Applicant().apply());
    const args = ['certify', application, '--dir', fixture.dir, '--out', '-', '--years', '2'];
    const { out, err } = await fixture.run(args);
    expect(err).toContain('2028-03-01');
    const certificate = await issuerCertificateDocument.verify(out.trimEnd(), [fixture.roots.root]);
    expect(certificate).toMatchObject({
      iat: NOW,
      // A day of slack for a server whose clock runs behind the vendor's.
      nbf: NOW - 86_400,
      exp: addValidity(NOW, { unit: 'year', count: 2 }),
    });
  });

  test('refuses an application that another key signed, and one that was altered', async () => {
    const fixture = await VendorFixture.create();
    const forged = await new Applicant().apply({}, generateSigningKey());
    const [header, , signature] = (await new Applicant().apply()).split('.');
    const [, claims] = (await new Applicant().apply()).split('.');
    const before = fixture.ledger;
    for (const [document, error] of [
      [forged, 'issuer_untrusted'],
      [[header, claims, signature].join('.'), 'issuer_untrusted'],
      ['nonsense', 'document_malformed'],
    ] as const) {
      const application = fixture.write('application.jwt', document);
      expect(await fixture.certify([application, '--out', '-'])).toMatchObject({ code: 5, json: { error } });
    }
    const key = generateSigningKey();
    const [, otherClaims] = (await new Applicant({ key }).apply()).split('.');
    const [sameHeader, , otherSignature] = (await new Applicant({ key }).apply()).split('.');
    const spliced = fixture.write('application.jwt', [sameHeader, otherClaims, otherSignature].join('.'));
    expect(await fixture.certify([spliced, '--out', '-'])).toMatchObject({
      code: 5,
      json: { error: 'signature_invalid' },
    });
    expect(fixture.ledger).toBe(before);
  });

  test('does not let a stranger step into the place of a known server', async () => {
    const fixture = await VendorFixture.create();
    const school = new Applicant();
    const out = ['--out', '-'];
    await fixture.certify([fixture.write('school.jwt', await school.apply()), ...out]);

    const stranger = new Applicant();
    const application = fixture.write('stranger.jwt', await stranger.apply({ iss: school.serverId }));
    const before = fixture.ledger;
    const refused = await fixture.certify([application, ...out]);
    expect(refused.json).toMatchObject({ error: 'parameter_invalid', detail: { name: 'APPLICATION' } });
    expect(fixture.ledger).toBe(before);
    const confirmed = await fixture.certify([application, ...out, '--new-key']);
    expect(confirmed.json).toMatchObject({ serial: 2, keyThumbprint: stranger.key.thumbprint });
  });

  test('never writes over a file, be it a key or a certificate, and signs nothing then', async () => {
    const fixture = await VendorFixture.create();
    const application = fixture.write('application.jwt', await new Applicant().apply());
    const out = fixture.path('issuer.jwt');
    expect(await fixture.certify([application, '--out', out])).toMatchObject({ code: 0 });
    const files = ['issuer.jwt', 'vendor/root.key.json'];
    const before = [fixture.ledger, ...files.map((file) => fixture.read(file))];
    for (const file of [...files.map((name) => fixture.path(name)), fixture.dir]) {
      const refused = await fixture.certify([application, '--out', file]);
      expect(refused).toMatchObject({ code: 2, json: { error: 'file_exists', detail: { file } } });
    }
    const nowhere = await fixture.certify([application, '--out', fixture.path('missing/issuer.jwt')]);
    expect(nowhere).toMatchObject({ code: 1, json: { error: 'file_unwritable' } });
    expect([fixture.ledger, ...files.map((file) => fixture.read(file))]).toEqual(before);
  });

  test('says what to do in a folder that is not a vendor’s', async () => {
    const fixture = new VendorFixture();
    const application = fixture.write('application.jwt', await new Applicant().apply());
    expect((await fixture.certify([application])).json).toMatchObject({ error: 'not_initialized' });
  });
});
