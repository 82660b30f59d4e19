import { describe, expect, test } from 'vitest';
import { addValidity } from '#core/calendar.ts';
import { claimsOf } from '#core/documents/answer.ts';
import type { DenialCode } from '#core/documents/license-denial.ts';
import type { LicenseRequest } from '#core/documents/license-request.ts';
import { licenseTokenDocument } from '#core/documents/license-token.ts';
import { newId } from '#core/ids.ts';
import type { LicenseOutcome, LicenseWish } from '../../server-stub/licensing/change-licenses.ts';
import { preauthorize } from '../../server-stub/licensing/preauthorization/preauthorize.ts';
import { switchPreauthorization } from '../../server-stub/licensing/preauthorization/switch-preauthorization.ts';
import { rebind } from '../../server-stub/licensing/rebind.ts';
import { release } from '../../server-stub/licensing/release.ts';
import { resume } from '../../server-stub/licensing/resume.ts';
import { suspend } from '../../server-stub/licensing/suspend.ts';
import { type TransferWish, transfer } from '../../server-stub/licensing/transfer.ts';
import type { Transaction } from '../../server-stub/store/database.ts';
import { board, TestDevice } from '../support/device.ts';
import { ENGINES, endClusterAfterAll } from '../support/engines.ts';
import { TestServer, type TestServerOptions } from '../support/server.ts';
import { NOW } from '../support/world.ts';

endClusterAfterAll();

const DAY = 86_400;

/** What a device is told, in a word: `token` or the code of a denial, or of a problem. */
async function told(device: TestDevice, overrides: Partial<LicenseRequest> = {}): Promise<string> {
  const { status, body } = await device.send(await device.request(overrides));
  if (status !== 200) return body.error;
  const answer = await device.verify(body);
  return answer.kind === 'denial' ? answer.denial.code : answer.kind;
}

/** The license value that a device's token or denial names. */
async function named(device: TestDevice, overrides: Partial<LicenseRequest> = {}): Promise<string> {
  const answer = await device.ask(overrides);
  return claimsOf(answer).license ?? 'none';
}

const refresh = { purpose: 'refresh' } as const;
const asked = { automatic: false } as const;
const toKey = (toLicenseKey: string) => ({ purpose: 'transfer', toLicenseKey }) as const;

async function used(server: TestServer): Promise<number> {
  const rows = await server.store.reader.selectFrom('quota').select('used').execute();
  return rows.reduce((sum, row) => sum + row.used, 0);
}

/** Actions about licenses, with the actor's kind, in order. */
async function trail(server: TestServer): Promise<string[]> {
  const rows = await server.store.reader
    .selectFrom('audit')
    .select(['action', 'actor'])
    .orderBy('seq')
    .execute();
  return rows
    .filter(({ action }) => action.startsWith('license.'))
    .map(({ action, actor }) => `${actor.split(':')[0]} ${action.slice(8)}`);
}

type OperatorVerb<Wish extends LicenseWish> = (
  trx: Transaction,
  wishes: readonly Wish[],
) => Promise<readonly LicenseOutcome[]>;

async function operate<Wish extends LicenseWish>(
  server: TestServer,
  verb: OperatorVerb<Wish>,
  wish: Omit<Wish, 'cid' | 'actor'>,
): Promise<void> {
  const all = { cid: server.world.cid, actor: 'operator:test', ...wish } as unknown as Wish;
  const [outcome] = await server.store.write(server.clock.now(), (trx) => verb(trx, [all]));
  expect(outcome).toMatchObject({ ok: true, changed: true });
}

const move = (server: TestServer, license: string, toLicenseKey: string) =>
  operate<TransferWish>(server, transfer, { license, toLicenseKey });

const manyTransfers: TestServerOptions = {
  lines: (world) => [{ ...world.purchase, transfersPerYear: 9 }, world.renewal],
};

describe.each(ENGINES)('what a device changes at its license, store in %s', (engine) => {
  async function start(options: TestServerOptions = manyTransfers) {
    const server = await TestServer.start({ engine, ...options });
    const enrollment = await server.enrollment();
    const device = new TestDevice(server, enrollment, 'SN-1');
    return { server, enrollment, device, license: await named(device) };
  }

  test('release is answered by the denial that ends it; a person who activates again resumes the same license', async () => {
    const { server, device, license } = await start();
    const answer = await device.ask({ purpose: 'release' });
    expect(answer).toMatchObject({ kind: 'denial', denial: { code: 'released', license } });
    expect([
      await told(device, refresh),
      await told(device),
      await told(device, { purpose: 'release' }),
    ]).toEqual(['released', 'released', 'released']);
    server.clock.time += 30 * DAY;
    expect(await device.ask(asked)).toMatchObject({ token: { license, activationTime: NOW } });
    expect(await used(server)).toBe(1);
    expect(await trail(server)).toEqual([
      'device activate',
      'device bind',
      'device release',
      'device resume',
    ]);
  });

  test('transfer is answered by the denial that ends it; the target binds without a new seat', async () => {
    const { server, enrollment, device, license } = await start();
    server.clock.time += 10 * DAY;
    const answer = await device.ask(toKey('SN-2'));
    expect(answer).toMatchObject({ kind: 'denial', denial: { code: 'transferred', license } });
    const target = new TestDevice(server, enrollment, 'SN-2');
    expect(await target.ask()).toMatchObject({
      token: { license, licenseKey: 'SN-2', activationTime: NOW, expireTime: NOW + 365 * DAY },
    });
    expect(await told(target, refresh)).toBe('token');
    expect(await used(server)).toBe(1);
    expect(await trail(server)).toEqual(['device activate', 'device bind', 'device transfer', 'device bind']);

    // Whatever the old device does by itself, it is told the same; a person there gets a license of its own.
    expect([await named(device, refresh), await named(device), await named(device, toKey('SN-3'))]).toEqual([
      license,
      license,
      license,
    ]);
    expect([await told(device, refresh), await told(device), await told(device, toKey('SN-3'))]).toEqual(
      Array(3).fill('transferred'),
    );
    expect(await used(server)).toBe(1);
    expect(await told(device, asked)).toBe('token');
    expect(await used(server)).toBe(2);
    expect(await named(device, refresh)).not.toBe(license);
  });

  test('transfers of devices are limited as those of operators', async () => {
    const { server, enrollment, device } = await start({});
    await server.activate('SN-9');
    expect([await told(device, toKey('SN-9')), await told(device, toKey('SN-1'))]).toEqual([
      'transfer_refused',
      'transfer_refused',
    ]);
    expect(await told(device, { purpose: 'transfer' })).toBe('parameter_missing');
    expect(await told(device, toKey('SN-2'))).toBe('transferred');
    const target = new TestDevice(server, enrollment, 'SN-2');
    await target.ask();
    expect(await told(target, toKey('SN-3'))).toBe('transfer_refused');
    expect(await told(target, refresh)).toBe('token');
    server.clock.time += 365 * DAY;
    expect(await told(target, toKey('SN-3'))).toBe('license_expired');
  });

  test('where an App takes only preauthorized LicenseKeys, a license is moved to no other', async () => {
    const { server, enrollment, device, license } = await start();
    const { appId, cid } = server.world;
    const wish = { cid, appId, actor: 'operator:test' };
    await server.store.write(NOW, (trx) => switchPreauthorization(trx, [{ ...wish, enabled: true }]));
    expect(await told(device, toKey('SN-2'))).toBe('transfer_refused');
    await server.store.write(NOW, (trx) => preauthorize(trx, [{ ...wish, licenseKey: 'SN-2' }]));
    expect(await told(device, toKey('SN-2'))).toBe('transferred');
    expect(await named(new TestDevice(server, enrollment, 'SN-2'))).toBe(license);
  });

  test('renewal is off unless the App allows it; then a token brings the new end', async () => {
    const { server, device, license } = await start();
    expect(await told(device, { purpose: 'renew' })).toBe('renewal_refused');
    await server.store.write(NOW, ({ db }) => db.updateTable('app').set({ device_renewal: 1 }).execute());
    server.clock.time += 10 * DAY;
    expect(await device.ask({ purpose: 'renew' })).toMatchObject({
      token: {
        license,
        expireTime: addValidity(NOW, { unit: 'year', count: 2 }),
        renewals: [{ termsId: server.world.renewal.termsId, at: NOW + 10 * DAY }],
      },
    });
    const { renewId } = server.world.renewal;
    expect(await told(device, { purpose: 'renew', renewId })).toBe('token');
    expect(await told(device, { purpose: 'renew', renewId: newId() })).toBe('renewal_refused');
    expect(await device.ask(refresh)).toMatchObject({
      token: { expireTime: addValidity(NOW, { unit: 'year', count: 3 }) },
    });
    const [line] = await server.store.reader
      .selectFrom('terms')
      .select('used')
      .where('kind', '=', 'renewal')
      .execute();
    expect(line?.used).toBe(2);
    expect((await trail(server)).slice(-2)).toEqual(['device renew', 'device renew']);
  });

  test('a suspended license pauses: its device can neither release, transfer nor renew it', async () => {
    const { server, device, license } = await start();
    await server.store.write(NOW, ({ db }) => db.updateTable('app').set({ device_renewal: 1 }).execute());
    await operate(server, suspend, { license });
    for (const wish of [
      refresh,
      asked,
      { purpose: 'release' },
      { purpose: 'renew' },
      toKey('SN-2'),
    ] as const) {
      expect(await device.ask(wish)).toMatchObject({ denial: { code: 'suspended', license } });
    }
    await operate(server, resume, { license });
    expect(await told(device, refresh)).toBe('token');
  });

  test('no stranger and no other device releases, moves or renews a license', async () => {
    const { server, enrollment, device } = await start();
    await server.store.write(NOW, ({ db }) => db.updateTable('app').set({ device_renewal: 1 }).execute());
    const stranger = new TestDevice(server, enrollment, 'SN-1', board('z'));
    const proof = async (wish: Partial<LicenseRequest>) => {
      const { enrollment: proven } = JSON.parse(
        Buffer.from((await stranger.request()).split('.')[1] ?? '', 'base64url').toString(),
      );
      return told(stranger, { ...wish, enrollment: proven });
    };
    const clone = new TestDevice(server, enrollment, 'SN-1', board('z'), device.key);
    await server.activate('SN-5');
    const unbound = new TestDevice(server, enrollment, 'SN-5');
    for (const wish of [{ purpose: 'release' }, { purpose: 'renew' }, toKey('SN-2')] as const) {
      expect(await told(stranger, wish)).toBe('enrollment_rejected');
      // The proof belongs to another jti.
      expect(await proof(wish)).toBe('enrollment_rejected');
      expect(await told(clone, wish)).toBe('different_device');
      const jti = newId();
      const { enrollment: valid } = JSON.parse(
        Buffer.from((await unbound.request({ jti })).split('.')[1] ?? '', 'base64url').toString(),
      );
      expect(await told(unbound, { ...wish, jti, enrollment: valid })).toBe('enrollment_rejected');
    }
    expect(await told(device, refresh)).toBe('token');
    expect(await trail(server)).toEqual(['device activate', 'device bind', 'credential activate']);
  });

  test('a replayed request does nothing and gets the same answer, in one batch and across', async () => {
    const { server, device, license } = await start();
    await server.store.write(NOW, ({ db }) => db.updateTable('app').set({ device_renewal: 1 }).execute());
    const replayed = async (wish: Partial<LicenseRequest>) => {
      const compact = await device.request(wish);
      const [one, two] = await Promise.all([device.send(compact), device.send(compact)]);
      const first = await device.verify(one.body);
      expect(await device.verify(two.body)).toEqual(first);
      return async (code?: DenialCode) => {
        const again = await device.verify((await device.send(compact)).body);
        if (code === undefined) expect(again).toEqual(first);
        else expect(again).toMatchObject({ kind: 'denial', denial: { code, license } });
      };
    };
    const renewal = await replayed({ purpose: 'renew' });
    server.clock.time += DAY;
    await renewal();
    const released = await replayed({ purpose: 'release' });
    const resumed = await replayed(asked);
    server.clock.time += DAY;
    await released();
    expect(await told(device, refresh)).toBe('token');
    await device.ask({ purpose: 'release' });
    // Nothing is done by it, and no token given again that holds no more.
    await resumed('released');
    expect(await told(device, refresh)).toBe('released');
    await device.ask(asked);
    const moved = await replayed(toKey('SN-2'));
    await device.ask(asked);
    await moved();
    await renewal('unknown_license');
    expect(await named(device, refresh)).not.toBe(license);
    expect(await trail(server)).toEqual([
      ...['device activate', 'device bind', 'device renew', 'device release', 'device resume'],
      ...['device release', 'device resume', 'device transfer', 'device activate', 'device bind'],
    ]);
  });

  test('what a person asked for, replayed after a release, does not resume the license', async () => {
    const { device } = await start();
    const compact = await device.request(asked);
    expect((await device.verify((await device.send(compact)).body)).kind).toBe('token');
    await device.ask({ purpose: 'release' });
    const again = await device.verify((await device.send(compact)).body);
    expect(again).toMatchObject({ kind: 'denial', denial: { code: 'released' } });
    expect(await told(device, refresh)).toBe('released');
  });

  test('one batch is decided in order: what comes after a transfer meets it', async () => {
    const { server, enrollment, device, license } = await start();
    // Keys that the server knows already need no proof.
    const target = new TestDevice(server, enrollment, 'SN-2');
    await new TestDevice(server, enrollment, 'SN-2b', target.fingerprint, target.key).ask();
    const next = new TestDevice(server, enrollment, 'SN-3');
    const body = await Promise.all([
      device.request(refresh),
      device.request(toKey('SN-2')),
      device.request(refresh),
      target.request(),
      target.request(toKey('SN-3')),
      next.request(),
      device.request(asked),
      device.request(toKey('SN-2')),
    ]);
    const response = await fetch(`${server.url}/v1/license-requests`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    const answers = (await response.json()) as Parameters<TestDevice['verify']>[0][];
    const devices = [device, device, device, target, target, next, device, device];
    const verified = await Promise.all(answers.map((answer, index) => devices[index]?.verify(answer)));
    const words = verified.map((answer) => (answer?.kind === 'denial' ? answer.denial.code : answer?.kind));
    const order = [
      'token',
      'transferred',
      'transferred',
      'token',
      'transferred',
      'token',
      'token',
      'transferred',
    ];
    expect(words).toEqual(order);
    expect(await named(next, refresh)).toBe(license);
    expect(await used(server)).toBe(3);
  });
});

describe.each(ENGINES)('what an operator changes, as the device meets it, store in %s', (engine) => {
  async function start() {
    const server = await TestServer.start({ engine, ...manyTransfers });
    const enrollment = await server.enrollment();
    const device = new TestDevice(server, enrollment, 'SN-1');
    return { server, enrollment, device, license: await named(device) };
  }

  test('released and transferred are told by refresh and by automatic activation alike', async () => {
    const { server, enrollment, device, license } = await start();
    await operate(server, release, { license });
    for (const wish of [refresh, {}]) {
      expect(await device.ask(wish)).toMatchObject({ denial: { code: 'released', license } });
    }
    await move(server, license, 'SN-2');
    for (const wish of [refresh, {}]) {
      expect(await device.ask(wish)).toMatchObject({ denial: { code: 'transferred', license } });
    }
    expect(await named(new TestDevice(server, enrollment, 'SN-2'))).toBe(license);
    expect(await used(server)).toBe(1);
  });

  test('after a rebind the next device binds; the earlier key is a different device until a person asks there', async () => {
    const { server, enrollment, device, license } = await start();
    await operate(server, rebind, { license });
    for (const wish of [refresh, {}, { purpose: 'release' }, toKey('SN-2')] as const) {
      expect(await device.ask(wish)).toMatchObject({ denial: { code: 'different_device', license } });
    }
    const next = new TestDevice(server, enrollment, 'SN-1', board('z'));
    expect(await named(next)).toBe(license);
    expect(await told(device)).toBe('different_device');
    expect(await told(next, refresh)).toBe('token');
    expect(await used(server)).toBe(1);

    await operate(server, rebind, { license });
    expect(await told(next)).toBe('different_device');
    expect(await told(device, asked)).toBe('token');
    expect(await told(device, refresh)).toBe('token');
    expect(await told(next, refresh)).toBe('different_device');
  });

  test('a device whose board was changed under its disk goes on after a rebind, once a person asks', async () => {
    const { server, enrollment, device, license } = await start();
    const mended = new TestDevice(server, enrollment, 'SN-1', board('z'), device.key);
    expect(await told(mended, refresh)).toBe('different_device');
    await operate(server, rebind, { license });
    expect(await told(mended)).toBe('different_device');
    expect(await told(mended, asked)).toBe('token');
    expect(await told(mended, refresh)).toBe('token');
  });

  test('a license that was moved away and back is taken up by its device at its next refresh', async () => {
    const { server, device, license } = await start();
    await move(server, license, 'SN-2');
    await move(server, license, 'SN-1');
    expect(await named(device, refresh)).toBe(license);
    expect(await told(device, refresh)).toBe('token');
  });

  test('a device that takes the new LicenseKey itself keeps its license', async () => {
    const { server, enrollment, device, license } = await start();
    await move(server, license, 'SN-2');
    const renamed = new TestDevice(server, enrollment, 'SN-2', device.fingerprint, device.key);
    expect(await named(renamed)).toBe(license);
    expect(await told(device, refresh)).toBe('transferred');
    expect(await told(renamed, refresh)).toBe('token');
  });

  test('a device whose LicenseKey has another license by now is told of the one that it held', async () => {
    const { server, enrollment, device, license } = await start();
    await move(server, license, 'SN-2');
    const other = (await server.activate('SN-1')).body.data.license;
    // Nobody holds it yet, and the device has no proof with a refresh.
    expect(await device.ask(refresh)).toMatchObject({ denial: { code: 'transferred', license } });
    const next = new TestDevice(server, enrollment, 'SN-1', board('z'));
    expect(await named(next)).toBe(other);
    expect(await device.ask(refresh)).toMatchObject({ denial: { code: 'transferred', license } });
    expect(await told(device, asked)).toBe('different_device');
    await move(server, other, 'SN-3');
    expect(await next.ask(refresh)).toMatchObject({ denial: { code: 'transferred', license: other } });
  });

  test('of several licenses that left its LicenseKey the device is told of the one whose token it holds', async () => {
    const { server, device, license } = await start();
    const { body } = await device.send(await device.request());
    await move(server, license, 'SN-2');
    server.clock.time += DAY;
    const second = await named(device, asked);
    await move(server, second, 'SN-3');
    expect(await named(device, refresh)).toBe(second);
    expect(await named(device, { ...refresh, heldToken: body.document })).toBe(license);
    expect(await named(device, { ...refresh, heldToken: 'not a token' })).toBe(second);
    expect(licenseTokenDocument.parse(body.document).claims.license).toBe(license);
  });

  test('a proven device of a suspended license that nobody holds comes to hold it only once it is resumed', async () => {
    const { server, enrollment } = await start();
    const { license } = (await server.activate('SN-7')).body.data;
    await operate(server, suspend, { license });
    const device = new TestDevice(server, enrollment, 'SN-7');
    expect(await told(device)).toBe('suspended');
    const keys = await server.store.reader
      .selectFrom('device_key')
      .select('jkt')
      .where('license', '=', license)
      .execute();
    expect(keys).toEqual([]);
    await operate(server, resume, { license });
    expect(await told(device, refresh)).toBe('enrollment_rejected');
    expect(await named(device)).toBe(license);
  });
});
