import { describe, expect, test } from 'vitest';
import { licenseDenialDocument } from '#core/documents/license-denial.ts';
import { licenseTokenDocument } from '#core/documents/license-token.ts';
import { World } from '../support/world.ts';
import { Applicant, VendorFixture } from './vendor-fixture.ts';

describe('license-vendor show', () => {
  test('shows a document without keys, and says that it is not verified', async () => {
    const fixture = await VendorFixture.create();
    const world = new World();
    const documents = {
      'license-terms+jwt': await world.terms(),
      'license-issuer+jwt': await world.certificate(),
      'license-token+jwt': await licenseTokenDocument.sign(world.tokenClaims(), world.serverKey),
      'license-denial+jwt': await licenseDenialDocument.sign(
        world.denialClaims('suspended'),
        world.serverKey,
      ),
    };
    for (const [typ, document] of Object.entries(documents)) {
      const shown = await fixture.run(['show', fixture.write('document.jwt', document)]);
      expect(shown.json).toMatchObject({ typ, verifiedBy: null, claims: { cid: world.cid } });
      expect(shown.err).toContain('NOT verified');
    }
  });

  test('verifies requests and applications by the key that they carry', async () => {
    const fixture = await VendorFixture.create();
    for (const document of [await new World().request(), await new Applicant().apply()]) {
      const shown = await fixture.run(['show', fixture.write('document.jwt', document), '--json']);
      expect(shown.json).toMatchObject({ verifiedBy: 'itself' });
    }
  });

  test('verifies what a server signed that this vendor certified', async () => {
    const fixture = await VendorFixture.create();
    const world = new World();
    const applicant = new Applicant({ key: world.serverKey });
    await fixture.certify([fixture.write('application.jwt', await applicant.apply()), '--out', '-']);
    const token = await licenseTokenDocument.sign(world.tokenClaims(), world.serverKey);
    const args = ['show', fixture.write('token.jwt', token), '--dir', fixture.dir, '--json'];
    expect((await fixture.run(args)).json).toMatchObject({ verifiedBy: 'server' });
  });

  test('refuses what another vendor signed, once the roots are at hand, and what is no document', async () => {
    const fixture = await VendorFixture.create();
    const roots = ['--roots', fixture.path('vendor/vendor-roots.json'), '--json'];
    const foreign = fixture.write('terms.jwt', await new World().terms());
    expect(await fixture.run(['show', foreign, ...roots])).toMatchObject({
      code: 5,
      json: { error: 'issuer_untrusted' },
    });
    const header = Buffer.from('{"typ":"JWT"}').toString('base64url');
    const other = fixture.write('other.jwt', `${header}.e30.AAAA`);
    expect((await fixture.run(['show', other, ...roots])).json).toMatchObject({
      error: 'document_malformed',
    });
    const both = ['show', foreign, '--dir', fixture.dir, ...roots];
    expect((await fixture.run(both)).json).toMatchObject({ error: 'usage' });
  });
});
