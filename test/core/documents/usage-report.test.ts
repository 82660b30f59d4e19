import { describe, expect, test } from 'vitest';
import { type UsageReport, usageReportDocument, verifyUsageReport } from '#core/documents/usage-report.ts';
import type { ErrorCode } from '#core/errors.ts';
import { newId } from '#core/ids.ts';
import { generateSigningKey } from '#core/keys.ts';
import { base64url, codeOf, forge } from '../../support/forge.ts';
import { companyReport, reportClaims, usageReport } from '../../support/usage-report.ts';
import { World } from '../../support/world.ts';

const world = new World();
const verify = (document: string) => verifyUsageReport(document, [world.root]);
const sealed = (claims: UsageReport, key = world.serverKey, typ = usageReportDocument.typ) =>
  forge({ alg: 'EdDSA', typ, kid: key.thumbprint }, claims, key);

describe('a usage report', () => {
  test('is verified from the root down, and carries what was signed', async () => {
    const claims = await reportClaims(world);
    expect(await verify(await usageReportDocument.sign(claims, world.serverKey))).toEqual(claims);
  });

  test('may tell of several companies, each with its certificate', async () => {
    const { serverId, serverKey, root } = world;
    const other = new World({ cid: '999', serverId, serverKey, root });
    const companies = [await companyReport(world), await companyReport(other)];
    const report = await verify(await usageReport(world, { companies }));
    expect(report.companies.map(({ cid }) => cid)).toEqual([world.cid, '999']);
  });

  test('is verified as of the day it was made, also after the certificate ended', async () => {
    const companies = [
      await companyReport(world, { issuerCertificate: await world.certificate({ exp: world.now }) }),
    ];
    expect(await codeOf(async () => verify(await usageReport(world, { companies })))).toBe('accepted');
    const late = { companies, iat: world.now + 1 };
    expect(await codeOf(async () => verify(await usageReport(world, late)))).toBe(
      'issuer_certificate_not_valid',
    );
  });

  test.each<[string, () => Promise<string>, ErrorCode]>([
    [
      'another vendor certified',
      async () => {
        const issuerCertificate = await world.certificate({}, generateSigningKey());
        return usageReport(world, { companies: [await companyReport(world, { issuerCertificate })] });
      },
      'issuer_untrusted',
    ],
    ['another key signed', () => usageReport(world, {}, generateSigningKey()), 'issuer_untrusted'],
    [
      'another key signed in the name of the server',
      async () => {
        const header = { alg: 'EdDSA', typ: usageReportDocument.typ, kid: world.serverKey.thumbprint };
        return forge(header, await reportClaims(world), generateSigningKey());
      },
      'signature_invalid',
    ],
    [
      'has another typ',
      async () => sealed(await reportClaims(world), world.serverKey, 'license-token+jwt'),
      'document_wrong_type',
    ],
    ['is of another server', () => usageReport(world, { iss: newId() }), 'issuer_mismatch'],
    [
      'is of another company than its certificate',
      async () => usageReport(world, { companies: [await companyReport(world, { cid: '999' })] }),
      'issuer_mismatch',
    ],
    [
      'was altered',
      async () => {
        const [header, claims = '', signature] = (await usageReport(world)).split('.');
        const altered = Buffer.from(claims, 'base64url').toString().replace('"activated":2', '"activated":1');
        return `${header}.${base64url(altered)}.${signature}`;
      },
      'signature_invalid',
    ],
  ])('that %s is refused', async (_, make, code) => {
    expect(await codeOf(async () => verify(await make()))).toBe(code);
  });

  test('of a dishonest server whose sums do not add up is refused by name', async () => {
    const honest = await companyReport(world);
    const [shared, ofApp] = honest.rows;
    if (shared === undefined || ofApp === undefined) throw new Error('rows are missing');
    const companies = [{ ...honest, rows: [shared, { ...ofApp, activated: 1 }] }];
    const document = await usageReport(world, { companies });
    await expect(verify(document)).rejects.toMatchObject({
      code: 'report_contradictory',
      detail: { problem: { en: expect.stringContaining(world.appId) } },
    });
  });

  test('of a server that handed out more than the vendor granted is refused', async () => {
    const { pid, validity, renewId } = world.renewal;
    const nothing = { granted: 0, used: 0 };
    const honest = await companyReport(world);
    const [shared, ofApp] = honest.rows;
    if (shared === undefined || ofApp === undefined) throw new Error('rows are missing');
    const withRenewals = (granted: number, renewed: number) => ({
      ...honest,
      rows: [shared, { ...ofApp, renewed }],
      renewals: [
        {
          renewId,
          pid,
          validity,
          opening: nothing,
          closing: { granted, used: renewed },
          granted,
          withdrawn: 0,
          renewed,
        },
      ],
    });
    const withSeats = (granted: number) => ({
      ...honest,
      rows: [{ ...shared, granted, closing: { ...shared.closing, seats: granted } }, ofApp],
    });
    for (const [company, code] of [
      [withRenewals(2, 2), 'accepted'],
      [withRenewals(2, 3), 'report_contradictory'],
      [withSeats(2), 'accepted'],
      [withSeats(1), 'report_contradictory'],
    ] as const)
      expect(await codeOf(async () => verify(await usageReport(world, { companies: [company] })))).toBe(code);
  });
});
