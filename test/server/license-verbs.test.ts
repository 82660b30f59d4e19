import { describe, expect, test } from 'vitest';
import type { LicenseOutcome, LicenseWish } from '../../server-stub/licensing/change-licenses.ts';
import { labelLicense } from '../../server-stub/licensing/label-license.ts';
import { licensesHeldBy, rebind } from '../../server-stub/licensing/rebind.ts';
import { release } from '../../server-stub/licensing/release.ts';
import { resume } from '../../server-stub/licensing/resume.ts';
import { suspend } from '../../server-stub/licensing/suspend.ts';
import { transfer } from '../../server-stub/licensing/transfer.ts';
import type { Transaction } from '../../server-stub/store/database.ts';
import { TestDevice } from '../support/device.ts';
import { ENGINES, endClusterAfterAll } from '../support/engines.ts';
import { TestServer } from '../support/server.ts';

endClusterAfterAll();

const DAY = 86_400;
const operator = { actor: 'operator:test' };

/** Verbs as an operator asks for them: what came of each, `changed`, `same` or the code. */
async function ask<Wish extends LicenseWish>(
  server: TestServer,
  verb: (trx: Transaction, wishes: readonly Wish[]) => Promise<readonly LicenseOutcome[]>,
  wishes: readonly Omit<Wish, 'cid' | 'actor'>[],
): Promise<string[]> {
  const { cid } = server.world;
  const all = wishes.map((wish) => ({ cid, ...operator, ...wish }) as unknown as Wish);
  const outcomes = await server.store.write(server.clock.now(), (trx) => verb(trx, all));
  return outcomes.map((outcome) => {
    if (!outcome.ok) return outcome.error.code;
    return outcome.changed ? 'changed' : 'same';
  });
}

/** Activates LicenseKeys through the OpenAPI; gives their license values. */
async function activated(server: TestServer, ...licenseKeys: string[]): Promise<string[]> {
  const answers = await Promise.all(licenseKeys.map((licenseKey) => server.activate(licenseKey)));
  return answers.map(({ body }) => body.data.license);
}

async function stateOf(server: TestServer, license: string) {
  return server.store.reader
    .selectFrom('license')
    .selectAll()
    .where('license', '=', license)
    .executeTakeFirstOrThrow();
}

async function trail(server: TestServer, action: string) {
  const rows = await server.store.reader
    .selectFrom('audit')
    .select(['subject', 'actor', 'detail'])
    .where('action', '=', action)
    .orderBy('seq')
    .execute();
  return rows.map(({ detail, ...row }) => ({ ...row, ...JSON.parse(detail) }));
}

async function used(server: TestServer): Promise<number> {
  const rows = await server.store.reader.selectFrom('quota').select('used').execute();
  return rows.reduce((sum, row) => sum + row.used, 0);
}

const transfers = (count: number) => ({
  lines: (world: TestServer['world']) => [{ ...world.purchase, transfersPerYear: count }],
});

describe.each(ENGINES)('verbs on a license, store in %s', (engine) => {
  test('suspend, resume and release, each told once to the audit trail', async () => {
    const server = await TestServer.start({ engine });
    const [license = ''] = await activated(server, 'SN-1');
    expect(await ask(server, suspend, [{ license }, { license }])).toEqual(['changed', 'same']);
    expect((await server.activate('SN-1')).body.error).toBe('suspended');
    expect(await ask(server, resume, [{ license }])).toEqual(['changed']);
    expect(await ask(server, resume, [{ license }])).toEqual(['same']);
    expect(await ask(server, release, [{ license }])).toEqual(['changed']);
    expect(await ask(server, release, [{ license }])).toEqual(['same']);
    expect(await ask(server, suspend, [{ license }])).toEqual(['released']);
    expect((await stateOf(server, license)).state).toBe('released');

    const subject = { subject: license, actor: 'operator:test' };
    const about = { appId: server.world.appId, pid: server.world.purchase.pid, licenseKey: 'SN-1' };
    for (const [action, previousState] of [
      ['license.suspend', 'active'],
      ['license.resume', 'suspended'],
      ['license.release', 'active'],
    ] as const) {
      expect(await trail(server, action)).toEqual([{ ...subject, ...about, previousState }]);
    }
    expect(await used(server)).toBe(1);
  });

  test('a released LicenseKey that is activated again resumes the same license, at no cost', async () => {
    const server = await TestServer.start({ engine });
    const [license = ''] = await activated(server, 'SN-1');
    await ask(server, release, [{ license }]);
    server.clock.time += 30 * DAY;
    const again = await server.activate('SN-1');
    expect(again.body.data).toMatchObject({ license, activationTime: server.clock.time - 30 * DAY });
    expect((await stateOf(server, license)).state).toBe('active');
    expect(await trail(server, 'license.resume')).toHaveLength(1);
    expect(await used(server)).toBe(1);
  });

  test('a license is moved with its value and end; detail finds it by both names', async () => {
    const server = await TestServer.start({ engine });
    const before = (await server.activate('SN-1')).body.data;
    server.clock.time += DAY;
    const { license } = before;
    expect(await ask(server, transfer, [{ license, toLicenseKey: 'SN-2' }])).toEqual(['changed']);
    for (const key of ['SN-2', license]) {
      expect((await server.detail(key)).body.data).toEqual({ ...before, licenseKey: 'SN-2' });
    }
    expect((await server.detail('SN-1')).body.error).toBe('unknown_license');
    expect(await used(server)).toBe(1);
    expect(await trail(server, 'license.transfer')).toEqual([
      expect.objectContaining({ subject: license, licenseKey: 'SN-1', toLicenseKey: 'SN-2' }),
    ]);
    // The LicenseKey that it left is free for a license of its own.
    expect((await server.activate('SN-1')).body.data.license).not.toBe(license);
    expect(await used(server)).toBe(2);
  });

  test('transfers are as many in a year as the vendor allows', async () => {
    const server = await TestServer.start({ engine, ...transfers(2) });
    const [license = ''] = await activated(server, 'SN-1');
    const to = (toLicenseKey: string) => ask(server, transfer, [{ license, toLicenseKey }]);
    server.clock.time += 10 * DAY;
    expect([await to('SN-2'), await to('SN-3'), await to('SN-4')].flat()).toEqual([
      'changed',
      'changed',
      'transfer_limit',
    ]);
    server.clock.time += 354 * DAY;
    expect(await to('SN-4')).toEqual(['transfer_limit']);
    expect((await stateOf(server, license)).license_key).toBe('SN-3');
  });

  test('a new year of transfers begins a year after the first of the last one', async () => {
    const server = await TestServer.start({
      engine,
      world: { validity: { unit: 'year', count: 3 } },
      ...transfers(1),
    });
    const [license = ''] = await activated(server, 'SN-1');
    const to = (toLicenseKey: string) => ask(server, transfer, [{ license, toLicenseKey }]);
    server.clock.time += 100 * DAY;
    expect(await to('SN-2')).toEqual(['changed']);
    server.clock.time += 365 * DAY - 1;
    expect(await to('SN-3')).toEqual(['transfer_limit']);
    server.clock.time += 1;
    expect(await to('SN-3')).toEqual(['changed']);
    expect(await to('SN-4')).toEqual(['transfer_limit']);
  });

  test('what may not be moved stays as it is', async () => {
    const server = await TestServer.start({ engine });
    const [one = '', two = ''] = await activated(server, 'SN-1', 'SN-2');
    await ask(server, release, [{ license: two }]);
    const wishes = [
      { license: one, toLicenseKey: 'SN-1' },
      { license: one, toLicenseKey: 'SN-2' },
      { license: one, toLicenseKey: ' SN-3' },
      { license: one, toLicenseKey: 'x'.repeat(129) },
      { license: 'A'.repeat(32), toLicenseKey: 'SN-3' },
    ];
    const codes = [
      'transfer_same_key',
      'transfer_target_licensed',
      'license_key_invalid',
      'license_key_invalid',
      'unknown_license',
    ];
    expect(await ask(server, transfer, wishes)).toEqual(codes);
    server.clock.time += 365 * DAY;
    expect(await ask(server, transfer, [{ license: one, toLicenseKey: 'SN-3' }])).toEqual([
      'license_expired',
    ]);
    expect(await trail(server, 'license.transfer')).toEqual([]);

    const none = await TestServer.start({ engine, ...transfers(0) });
    const [license = ''] = await activated(none, 'SN-1');
    expect(await ask(none, transfer, [{ license, toLicenseKey: 'SN-3' }])).toEqual(['transfer_not_allowed']);
  });

  test('a released license is active at its target, a suspended one stays suspended', async () => {
    const server = await TestServer.start({ engine });
    const [one = '', two = ''] = await activated(server, 'SN-1', 'SN-2');
    await ask(server, release, [{ license: one }]);
    await ask(server, suspend, [{ license: two }]);
    const moves = [
      { license: one, toLicenseKey: 'SN-3' },
      { license: two, toLicenseKey: 'SN-4' },
    ];
    expect(await ask(server, transfer, moves)).toEqual(['changed', 'changed']);
    expect((await stateOf(server, one)).state).toBe('active');
    expect((await stateOf(server, two)).state).toBe('suspended');
  });

  test('in one batch LicenseKeys pass on in a chain and in a ring, and one target is given once', async () => {
    const server = await TestServer.start({ engine, ...transfers(4) });
    const [one = '', two = '', three = ''] = await activated(server, 'SN-1', 'SN-2', 'SN-3');
    expect(
      await ask(server, transfer, [
        { license: two, toLicenseKey: 'SN-9' },
        { license: one, toLicenseKey: 'SN-2' },
        { license: three, toLicenseKey: 'SN-1' },
        { license: two, toLicenseKey: 'SN-3' },
        { license: one, toLicenseKey: 'SN-1' },
      ]),
    ).toEqual(['changed', 'changed', 'changed', 'changed', 'transfer_target_licensed']);
    const keys = await Promise.all([one, two, three].map((license) => stateOf(server, license)));
    expect(keys.map(({ license_key, transfers: count }) => [license_key, count])).toEqual([
      ['SN-2', 1],
      ['SN-3', 2],
      ['SN-1', 1],
    ]);
  });

  test('rebind frees a license from its device, and all that a gateway held in one transaction', async () => {
    const server = await TestServer.start({ engine });
    const enrollment = await server.enrollment();
    const first = new TestDevice(server, enrollment, 'SN-1');
    await first.ask();
    await new TestDevice(server, enrollment, 'SN-2', first.fingerprint, first.key).ask();
    await new TestDevice(server, enrollment, 'SN-3').ask();
    const jkt = first.key.thumbprint;
    const held = await licensesHeldBy(server.store.reader, jkt);
    expect(held).toHaveLength(2);
    const wishes = held.map((license) => ({ license }));
    expect(await ask(server, rebind, wishes)).toEqual(['changed', 'changed']);
    expect(await ask(server, rebind, wishes)).toEqual(['same', 'same']);
    expect(await licensesHeldBy(server.store.reader, jkt)).toEqual([]);
    expect(await trail(server, 'license.rebind')).toEqual([
      expect.objectContaining({ subject: held[0], licenseKey: 'SN-1', fromJkt: jkt }),
      expect.objectContaining({ subject: held[1], licenseKey: 'SN-2', fromJkt: jkt }),
    ]);
  });

  test('label and group: a line of a hundred characters each, kept, changed or taken away', async () => {
    const server = await TestServer.start({ engine });
    const [license = ''] = await activated(server, 'SN-1');
    expect(await ask(server, labelLicense, [{ license, label: '三楼投影仪', group: '3F' }])).toEqual([
      'changed',
    ]);
    expect(await ask(server, labelLicense, [{ license, group: '3F' }])).toEqual(['same']);
    expect(await ask(server, labelLicense, [{ license, group: '' }])).toEqual(['changed']);
    expect(await stateOf(server, license)).toMatchObject({ label: '三楼投影仪', group_name: '' });
    const bad = ['x'.repeat(101), 'a\nb', ' a', 'a\u0000', '\u202ea', '\ud800'];
    const wishes = bad.map((label) => ({ license, label }));
    expect(await ask(server, labelLicense, wishes)).toEqual(bad.map(() => 'parameter_invalid'));
    expect(await ask(server, labelLicense, [{ license, label: '😀'.repeat(100) }])).toEqual(['changed']);
  });

  test("another company's license is unknown", async () => {
    const server = await TestServer.start({ engine });
    const [license = ''] = await activated(server, 'SN-1');
    await server.store.write(server.clock.now(), ({ db }) =>
      db.insertInto('company').values({ cid: '999', name: 'Other', created_at: 0 }).execute(),
    );
    const foreign = [{ cid: '999', license }];
    for (const verb of [suspend, resume, release, rebind, labelLicense]) {
      expect(await ask(server, verb, foreign)).toEqual(['unknown_license']);
    }
    expect(await ask(server, transfer, [{ ...foreign[0], license, toLicenseKey: 'SN-2' }])).toEqual([
      'unknown_license',
    ]);
  });
});
