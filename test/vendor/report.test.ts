import { cpSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { CompanyReport, UsageReport } from '#core/documents/usage-report.ts';
import { generateSigningKey } from '#core/keys.ts';
import { englishIn } from '../support/chinese.ts';
import { companyReport, NO_FLOWS, NO_STOCK, place, usageReport } from '../support/usage-report.ts';
import { NOW, World } from '../support/world.ts';
import { Applicant, VendorFixture } from './vendor-fixture.ts';

const DAY = 86_400;

/** A vendor that certified a server and granted it 100 licenses, and the server's reports. */
class Customer {
  readonly vendor: VendorFixture;
  readonly world: World;
  readonly certificate: string;
  readonly grantId: string;

  private constructor(vendor: VendorFixture, world: World, certificate: string, grantId: string) {
    this.vendor = vendor;
    this.world = world;
    this.certificate = certificate;
    this.grantId = grantId;
  }

  /** Opening a sealed key takes its time by design: one customer is made, and the others copy its folder. */
  static async create(): Promise<Customer> {
    template ??= Customer.#make();
    const { vendor: made, world, certificate, grantId } = await template;
    const vendor = new VendorFixture();
    cpSync(made.folder, vendor.folder, { recursive: true });
    return new Customer(vendor, world, certificate, grantId);
  }

  /** One of its own, with keys that no other has. */
  static async #make(): Promise<Customer> {
    const vendor = await VendorFixture.create();
    const applicant = new Applicant();
    const application = vendor.write('application.jwt', await applicant.apply());
    const certified = await vendor.certify([application, '--out', vendor.path('issuer.jwt')], {
      now: NOW - 90 * DAY,
    });
    const granted = await vendor.grant(['--from', application], { now: NOW - 90 * DAY });
    expect([certified.code, granted.code]).toEqual([0, 0]);
    const { serverId, key: serverKey, cid, appId } = applicant;
    const world = new World({ serverId, serverKey, cid, appId });
    return new Customer(vendor, world, vendor.read('issuer.jwt'), granted.json.grantId);
  }

  company(overrides: Partial<CompanyReport> = {}): Promise<CompanyReport> {
    const { certificate: issuerCertificate, grantId } = this;
    const grants = [{ grantId, at: NOW - 20 * DAY }];
    return companyReport(this.world, { issuerCertificate, grants, ...overrides });
  }

  /** Writes a report to a file; the honest one of February by default. */
  async report(
    name: string,
    overrides: Partial<UsageReport> = {},
    company: Partial<CompanyReport> = {},
    key = this.world.serverKey,
  ): Promise<string> {
    const companies = [await this.company(company)];
    return this.vendor.write(name, await usageReport(this.world, { companies, ...overrides }, key));
  }

  /** March: goes on where February ended; three more activations. */
  async march(name: string, overrides: Partial<CompanyReport> = {}): Promise<string> {
    const { appId, purchase } = this.world;
    const { pid, count } = purchase;
    const used = { ...NO_STOCK, seats: count };
    return this.report(
      name,
      { iat: NOW + 31 * DAY, fromDay: '2026-03-01', toDay: '2026-03-31', from: NOW, to: NOW + 31 * DAY },
      {
        rows: [
          { pid, opening: { ...used, used: 2 }, closing: { ...used, used: 5 }, ...NO_FLOWS },
          {
            pid,
            appId,
            opening: { ...NO_STOCK, licenses: 2 },
            closing: { ...NO_STOCK, licenses: 5 },
            ...NO_FLOWS,
            activated: 3,
          },
        ],
        trail: {
          opening: place(5, NOW - DAY),
          closing: place(12, NOW + 30 * DAY),
          head: place(13, NOW + 31 * DAY),
          reports: [place(9, NOW)],
        },
        ...overrides,
      },
    );
  }

  run(file: string, ...more: string[]) {
    return this.vendor.run(['report', file, '--dir', this.vendor.dir, '--json', ...more]);
  }
}

describe('license-vendor report', () => {
  test('verifies a report and shows it, in both languages', async () => {
    const customer = await Customer.create();
    const file = await customer.report('report.jwt');
    const { vendor } = customer;
    const english = await vendor.run(['report', file, '--dir', vendor.dir]);
    expect(english).toMatchObject({ code: 0, err: expect.stringContaining('as sold') });
    for (const text of [
      '2026-02-01 to 2026-02-28',
      'Test School (CID 717241)',
      'Classroom',
      '1 year, device',
    ])
      expect(english.out).toContain(text);
    const chinese = await vendor.run(['report', file, '--dir', vendor.dir], { language: 'zh' });
    expect(chinese.out).toContain('期末额度');
    // Names are the customer's own words.
    expect(englishIn(chinese.out.replaceAll('Test School', ''))).toEqual([]);
  });

  test('with --json gives what was signed; with --roots alone no folder is needed', async () => {
    const customer = await Customer.create();
    const file = await customer.report('report.jwt');
    const { json, code } = await customer.run(file);
    expect(code).toBe(0);
    expect(json).toMatchObject({ iss: customer.world.serverId, companies: [{ cid: customer.world.cid }] });
    const { vendor } = customer;
    const roots = vendor.path('vendor/vendor-roots.json');
    expect((await vendor.run(['report', file, '--roots', roots, '--json'])).json).toEqual(json);
    for (const options of [[], ['--roots', roots, '--dir', vendor.dir]])
      expect((await vendor.run(['report', file, '--json', ...options])).json.error).toBe('usage');
  });

  test('as CSV opens right in a spreadsheet and carries out nothing', async () => {
    const customer = await Customer.create();
    const { appId } = customer.world;
    const name = '=HYPERLINK("http://x","y"), 课堂';
    const file = await customer.report('report.jwt', {}, { name: '+86 学校', apps: [{ appId, name }] });
    const { vendor } = customer;
    const { out, code } = await vendor.run(['report', file, '--dir', vendor.dir, '--csv'], {
      language: 'zh',
    });
    expect(code).toBe(0);
    expect(out.startsWith('\ufeff开始日期,结束日期,')).toBe(true);
    const lines = out.slice(1).split('\r\n');
    expect(lines).toHaveLength(4);
    expect(lines[2]).toContain(`,'+86 学校,`);
    expect(lines[2]).toContain(`"'=HYPERLINK(""http://x"",""y""), 课堂"`);
    expect(out.replaceAll('\r\n', '')).not.toMatch(/[\r\n]/);
  });

  test.each<[string, (customer: Customer) => Promise<string>, string]>([
    ['signed by another key', (c) => c.report('r.jwt', {}, {}, generateSigningKey()), 'issuer_untrusted'],
    [
      'under a certificate of another vendor',
      async (c) => c.report('r.jwt', {}, { issuerCertificate: await c.world.certificate() }),
      'issuer_untrusted',
    ],
    [
      'made after its certificate ended',
      (c) => c.report('r.jwt', { iat: NOW + 6 * 365 * DAY }, { trail: late }),
      'issuer_certificate_not_valid',
    ],
    ['of another company', (c) => c.report('r.jwt', {}, { cid: '999' }), 'issuer_mismatch'],
    ['of another server', (c) => c.report('r.jwt', { iss: new World().serverId }), 'issuer_mismatch'],
    ['that is something else', async (c) => c.vendor.write('r.jwt', c.certificate), 'document_wrong_type'],
    [
      'whose sums are wrong',
      async (c) => {
        const { rows } = await c.company();
        return c.report('r.jwt', {}, { rows: rows.map((row) => ({ ...row, activated: 0 })) });
      },
      'report_contradictory',
    ],
    [
      'that tells of more than was sold',
      async (c) => {
        const [shared, ofApp] = (await c.company()).rows;
        if (shared === undefined || ofApp === undefined) throw new Error('rows are missing');
        const more = { ...shared, granted: 150, closing: { ...shared.closing, seats: 150 } };
        return c.report('r.jwt', {}, { rows: [more, ofApp] });
      },
      'report_not_as_sold',
    ],
    ['that leaves out a grant', (c) => c.report('r.jwt', {}, { grants: [] }), 'report_not_as_sold'],
    [
      'that names a grant nobody signed',
      (c) => c.report('r.jwt', {}, { grants: [{ grantId: c.world.serverId, at: NOW - DAY }] }),
      'report_not_as_sold',
    ],
  ])('refuses one %s', async (_, make, code) => {
    const customer = await Customer.create();
    const before = customer.vendor.ledger;
    const { json, code: exit } = await customer.run(await make(customer));
    expect(json.error).toBe(code);
    expect(exit).toBe(5);
    expect(customer.vendor.ledger).toBe(before);
  });
});

let template: Promise<Customer> | undefined;

const late = {
  opening: place(0, 0),
  closing: place(5, NOW),
  head: place(9, NOW + 6 * 365 * DAY),
  reports: [],
};

describe('license-vendor report --previous', () => {
  test('accepts a report that continues the earlier one', async () => {
    const customer = await Customer.create();
    const february = await customer.report('february.jwt');
    const march = await customer.march('march.jwt');
    const { vendor } = customer;
    const told = await vendor.run(['report', march, '--dir', vendor.dir, '--previous', february]);
    expect(told).toMatchObject({ code: 0, err: expect.stringContaining('continues report') });
  });

  test.each<[string, (customer: Customer) => Promise<[previous: string, next: string]>]>([
    ['leaves a day out', async (c) => [await c.report('f.jwt', { to: NOW - DAY }), await c.march('m.jwt')]],
    ['comes before it', async (c) => [await c.march('m.jwt'), await c.report('f.jwt')]],
    [
      'follows a preliminary one',
      async (c) => [
        await c.report('f.jwt', { iat: NOW - 1 }, { trail: { ...late, head: place(9, NOW) } }),
        await c.march('m.jwt'),
      ],
    ],
    [
      'opens with other figures',
      async (c) => {
        const [shared, ofApp] = (await c.company()).rows;
        if (shared === undefined || ofApp === undefined) throw new Error('rows are missing');
        const fewer = [
          { ...shared, closing: { ...shared.closing, used: 1 } },
          { ...ofApp, activated: 1, closing: { ...ofApp.closing, licenses: 1 } },
        ];
        return [await c.report('f.jwt', {}, { rows: fewer }), await c.march('m.jwt')];
      },
    ],
    [
      'is of a trail that was written anew',
      async (c) => [
        await c.report('f.jwt'),
        await c.march('m.jwt', {
          trail: {
            opening: { ...place(5, NOW - DAY), hash: 'f'.repeat(64) },
            closing: place(12, NOW + 30 * DAY),
            head: place(13, NOW + 31 * DAY),
            reports: [place(9, NOW)],
          },
        }),
      ],
    ],
    [
      'is of a trail that lost the earlier report',
      async (c) => [
        await c.report('f.jwt'),
        await c.march('m.jwt', {
          trail: {
            opening: place(5, NOW - DAY),
            closing: place(12, NOW + 30 * DAY),
            head: place(13, NOW + 31 * DAY),
            reports: [],
          },
        }),
      ],
    ],
    [
      'is of another server',
      async (c) => {
        const { vendor } = c;
        const other = new World({ cid: c.world.cid });
        const application = await new Applicant({ key: other.serverKey }).apply({ iss: other.serverId });
        await vendor.certify(
          [vendor.write('other.jwt', application), '--out', vendor.path('other-issuer.jwt')],
          { now: NOW - 90 * DAY },
        );
        const issuerCertificate = vendor.read('other-issuer.jwt');
        const previous = await usageReport(other, {
          companies: [await companyReport(other, { issuerCertificate })],
        });
        return [vendor.write('f.jwt', previous), await c.march('m.jwt')];
      },
    ],
  ])('refuses one that %s', async (_, make) => {
    const customer = await Customer.create();
    const [previous, next] = await make(customer);
    expect((await customer.run(next, '--previous', previous)).json.error).toBe('report_discontinuous');
  });
});

describe('the ledger', () => {
  test('notes a report once, by the place of its trail', async () => {
    const customer = await Customer.create();
    const file = await customer.report('report.jwt');
    await customer.run(file);
    await customer.run(file);
    const noted = customer.vendor.entries.filter(({ kind }) => kind === 'report');
    expect(noted).toEqual([
      expect.objectContaining({
        serverId: customer.world.serverId,
        fromDay: '2026-02-01',
        companies: [{ cid: customer.world.cid, seq: 9, hash: place(9, NOW).hash }],
      }),
    ]);
    // It is a ledger still: the vendor goes on signing.
    const application = customer.vendor.path('application.jwt');
    expect((await customer.vendor.grant(['--from', application, '--again'])).code).toBe(0);
  });

  test('shows, with nothing else at hand, that a trail was rewritten since an earlier report', async () => {
    const customer = await Customer.create();
    await customer.run(await customer.report('february.jwt'));
    const trail = {
      opening: place(5, NOW - DAY),
      closing: place(12, NOW + 30 * DAY),
      head: place(13, NOW + 31 * DAY),
    };
    const moved = [{ ...place(9, NOW), hash: 'a'.repeat(64) }];
    for (const reports of [[], moved]) {
      const rewritten = await customer.march(`march-${reports.length}.jwt`, { trail: { ...trail, reports } });
      expect((await customer.run(rewritten)).json.error).toBe('report_discontinuous');
    }
    expect((await customer.run(await customer.march('march.jwt'))).code).toBe(0);
    // An earlier report may be looked at again at any time.
    expect((await customer.run(customer.vendor.path('february.jwt'))).code).toBe(0);
  });
});

test('license-vendor show tells who vouches for a report', async () => {
  const customer = await Customer.create();
  const file = await customer.report('report.jwt');
  const { vendor } = customer;
  expect((await vendor.run(['show', file, '--json'])).json.verifiedBy).toBeNull();
  expect((await vendor.run(['show', file, '--dir', vendor.dir, '--json'])).json.verifiedBy).toBe('server');
});
