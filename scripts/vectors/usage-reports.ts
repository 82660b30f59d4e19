import { issuerCertificateDocument } from '#core/documents/issuer-certificate.ts';
import { type UsageReport, usageReportDocument } from '#core/documents/usage-report.ts';
import { kindFile } from './kind-file.ts';
import {
  appId,
  certificate,
  cid,
  DAY,
  idOf,
  type KeyName,
  keys,
  NOW,
  oneYear,
  pid,
  publishedKeys,
  renewal,
  serverId,
  sku,
} from './parties.ts';
import type { VectorFile } from './vector-file.ts';

const certify = (changes: object = {}, signer: KeyName = 'root') =>
  issuerCertificateDocument.sign({ ...certificate, ...changes }, keys[signer]);

const nothing = {
  granted: 0,
  withdrawn: 0,
  allocated: 0,
  takenBack: 0,
  activated: 0,
  renewed: 0,
  revived: 0,
  expired: 0,
  transferred: 0,
  released: 0,
  suspended: 0,
  resumed: 0,
  minutes: 0,
};
const emptyStock = { seats: 0, used: 0, licenses: 0, minutes: 0 };
const place = (seq: number, at: number) => ({ seq, at, hash: String(seq % 10).repeat(64) });

/** February 2026 in Shanghai. */
const [from, to] = [NOW - 28 * DAY - 8 * 3600, NOW - 8 * 3600];

export async function usageReportVectors(): Promise<VectorFile> {
  const shared = {
    pid,
    opening: { ...emptyStock, seats: 60, used: 10 },
    closing: { ...emptyStock, seats: 90, used: 12 },
    ...nothing,
    granted: 50,
    withdrawn: 10,
  };
  const ofApp = {
    pid,
    appId,
    opening: { seats: 0, used: 0, licenses: 10, minutes: 100 },
    closing: { seats: 10, used: 3, licenses: 14, minutes: 160 },
    ...nothing,
    allocated: 12,
    takenBack: 2,
    activated: 5,
    renewed: 2,
    revived: 1,
    expired: 2,
    transferred: 1,
    minutes: 60,
  };
  const renewals = {
    renewId: renewal.renewId,
    pid,
    validity: oneYear,
    opening: { granted: 20, used: 1 },
    closing: { granted: 20, used: 3 },
    granted: 0,
    withdrawn: 0,
    renewed: 2,
  };
  const company = {
    cid,
    name: '示范学校 Example School',
    issuerCertificate: await certify(),
    apps: [{ appId, name: 'Classroom 课堂' }],
    products: [{ pid, sku, validity: oneYear, category: 'device' as const }],
    grants: [
      { grantId: idOf('earlier grant'), at: from - 5 * DAY, replacedBy: idOf('grant') },
      { grantId: idOf('grant'), at: from + DAY },
    ],
    rows: [shared, ofApp],
    renewals: [renewals],
    trail: {
      opening: place(14, from - 5 * DAY),
      closing: place(37, to - DAY),
      head: place(40, NOW),
      reports: [place(15, from + 60)],
    },
  };
  const report: UsageReport = {
    reportId: idOf('report'),
    iss: serverId,
    iat: NOW,
    version: '0.1.0',
    zone: 'Asia/Shanghai',
    fromDay: '2026-02-01',
    toDay: '2026-02-28',
    from,
    to,
    companies: [company],
  };
  const { issuerCertificate: _, ...uncertified } = company;
  const of = (changes: object) => ({ ...report, companies: [{ ...company, ...changes }] });
  const twoYears = { unit: 'year' as const, count: 2 };
  const file = await kindFile({
    definition: usageReportDocument,
    signer: 'server',
    input: { trusted: ['root'] },
    description:
      'Usage reports: the certificate of each company is verified under the keys named in `trusted`, as of the iat of the report; all certify one key, the one that signed; server id and CIDs agree; PIDs and renewIds follow from their parts; what was there, came and went gives what is there.',
    good: [
      ['a month of one company', report],
      [
        'preliminary, an empty company that just came',
        {
          ...report,
          iat: to - DAY,
          companies: [
            {
              ...company,
              apps: [],
              products: [],
              grants: [],
              rows: [],
              renewals: [],
              trail: { ...company.trail, opening: place(0, 0), closing: place(0, 0), reports: [] },
            },
          ],
        },
      ],
      [
        'two companies',
        {
          ...report,
          companies: [company, { ...company, cid: '999', issuerCertificate: await certify({ cid: '999' }) }],
        },
      ],
    ],
    bad: [
      ['no company', { ...report, companies: [] }],
      ['no certificate', { ...report, companies: [uncertified] }],
      [
        'a certificate of a stranger',
        of({ issuerCertificate: await certify({}, 'stranger') }),
        'issuer_untrusted',
      ],
      [
        'a certificate that ended before',
        of({ issuerCertificate: await certify({ exp: NOW - 1 }) }),
        'issuer_certificate_not_valid',
      ],
      [
        'a certificate that began later',
        of({ issuerCertificate: await certify({ nbf: NOW + 1 }) }),
        'issuer_certificate_not_valid',
      ],
      [
        'a certificate of another company',
        of({ issuerCertificate: await certify({ cid: '999' }) }),
        'issuer_mismatch',
      ],
      [
        'a certificate of another server',
        of({ issuerCertificate: await certify({ sub: idOf('other server') }) }),
        'issuer_mismatch',
      ],
      [
        'a certificate of another key',
        of({ issuerCertificate: await certify({ cnf: { jwk: keys.stranger.jwk } }) }),
        'issuer_untrusted',
      ],
      [
        'two companies certified with two keys',
        {
          ...report,
          companies: [
            company,
            {
              ...company,
              cid: '999',
              issuerCertificate: await certify({ cid: '999', cnf: { jwk: keys.stranger.jwk } }),
            },
          ],
        },
        'issuer_mismatch',
      ],
      ['a company twice', { ...report, companies: [company, company] }, 'report_contradictory'],
      ['ends before it begins', { ...report, to: from }, 'report_contradictory'],
      ['a day that is none', { ...report, toDay: '2026-2-28' }],
      ['an App that is not described', of({ apps: [] }), 'report_contradictory'],
      ['a PID that is not described', of({ products: [] }), 'report_contradictory'],
      [
        'a PID of another validity',
        of({ products: [{ pid, sku, validity: twoYears, category: 'device' }] }),
        'report_contradictory',
      ],
      [
        'a renewId of another validity',
        of({ renewals: [{ ...renewals, validity: twoYears }] }),
        'report_contradictory',
      ],
      ['an App twice', of({ rows: [shared, ofApp, ofApp] }), 'report_contradictory'],
      [
        'seats that do not add up',
        of({ rows: [{ ...shared, closing: { ...shared.closing, seats: 91 } }, ofApp] }),
        'report_contradictory',
      ],
      [
        'seats allocated out of nothing',
        of({ rows: [{ ...shared, closing: { ...shared.closing, seats: 100 } }, ofApp] }),
        'report_contradictory',
      ],
      [
        'an activation without a seat',
        of({ rows: [shared, { ...ofApp, activated: 6 }] }),
        'report_contradictory',
      ],
      [
        'licenses that do not add up',
        of({ rows: [shared, { ...ofApp, expired: 1 }] }),
        'report_contradictory',
      ],
      [
        'minutes that do not add up',
        of({ rows: [shared, { ...ofApp, minutes: 1 }] }),
        'report_contradictory',
      ],
      [
        'a renewal that no line explains',
        of({ renewals: [{ ...renewals, closing: { granted: 20, used: 2 }, renewed: 1 }] }),
        'report_contradictory',
      ],
      [
        'licenses of the shared pool',
        of({
          rows: [
            { ...shared, activated: 2 },
            { ...ofApp, activated: 3 },
          ],
        }),
        'report_contradictory',
      ],
      [
        'checkpoints out of order',
        of({ trail: { ...company.trail, closing: place(13, to) } }),
        'report_contradictory',
      ],
      [
        'an earlier report that comes later',
        of({ trail: { ...company.trail, reports: [place(41, NOW)] } }),
        'report_contradictory',
      ],
      ['a negative count', of({ rows: [shared, { ...ofApp, activated: -5 }] })],
      ['a hash that is none', of({ trail: { ...company.trail, head: { ...place(40, NOW), hash: 'x' } } })],
      ['a name that steers the terminal', of({ name: '\u001b[2J' })],
    ],
  });
  return { ...file, keys: publishedKeys('root', 'server', 'stranger') };
}
