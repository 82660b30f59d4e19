import { sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import { derivePid, type Validity } from '#core/catalog.ts';
import type { PurchaseTerms, Terms } from '#core/documents/terms.ts';
import { newAppId, newId } from '#core/ids.ts';
import { numericId } from '../../server-stub/http/openapi/numeric-id.ts';
import { allocate } from '../../server-stub/licensing/allocate.ts';
import type { SeatMove } from '../../server-stub/licensing/move-seats.ts';
import { takeBack } from '../../server-stub/licensing/take-back.ts';
import { allocations } from '../../server-stub/store/migrations/allocations.ts';
import { ENGINES, endClusterAfterAll } from '../support/engines.ts';
import { everything } from '../support/everything.ts';
import { importInto } from '../support/import-into.ts';
import { TestServer } from '../support/server.ts';
import { throwsWithCode } from '../support/throws.ts';
import { NOW } from '../support/world.ts';

endClusterAfterAll();

/** Pools by App (`shared` for the common one): granted and used. */
async function pools(server: TestServer): Promise<Record<string, [granted: number, used: number]>> {
  const { appId, otherAppId } = server.world;
  const names: Record<string, string> = { '': 'shared', [appId]: 'app', [otherAppId]: 'other' };
  const rows = await server.store.reader.selectFrom('quota').selectAll().orderBy('app_id').execute();
  return Object.fromEntries(
    rows.map(({ app_id, granted, used }) => [names[app_id] ?? app_id, [granted, used]]),
  );
}

const path = (server: TestServer, appId = server.world.appId, version = 'v2') =>
  `/dabiz/license/${version}/allocate?appid=${appId}`;

const allocateBy = (server: TestServer, count: unknown, more: Record<string, unknown> = {}) =>
  server.post(path(server), { pid: server.world.purchase.pid, count, creator: 'admin', ...more });

interface Listed {
  readonly count: number;
  readonly list: readonly Record<string, unknown>[];
}

async function listed(
  server: TestServer,
  { version = 'v2', ...query }: Record<string, string> = {},
): Promise<Listed> {
  const search = new URLSearchParams({ appid: server.world.appId, ...query });
  const { status, body } = await server.call(
    'GET',
    `/dabiz/license/${version}/product/allocations?${search}`,
  );
  expect(status).toBe(200);
  return body.data as unknown as Listed;
}

/** Takes seats back as the operator does: 'done', or the code and how many could be. */
async function takeBackBy(server: TestServer, count: number, more: Partial<SeatMove> = {}): Promise<unknown> {
  const { cid, appId, purchase } = server.world;
  const wish = { cid, appId, pid: purchase.pid, count, creator: 'op', actor: 'operator:test', ...more };
  const [outcome] = await server.store.write(server.clock.now(), (trx) => takeBack(trx, [wish]));
  return outcome?.ok ? 'done' : [outcome?.error.code, outcome?.error.detail['free']];
}

async function activateAs(server: TestServer, count: number, appId: string): Promise<number> {
  const answers = await Promise.all(
    Array.from({ length: count }, () => server.activate(`SN-${newId()}`, { appId })),
  );
  return answers.filter(({ status }) => status === 200).length;
}

describe.each(ENGINES)('allocation through the OpenAPI, store in %s', (engine) => {
  test('reserves free seats: the App has them alone, the others share what is left', async () => {
    const server = await TestServer.start({ engine, lines: ({ purchase }) => [{ ...purchase, count: 10 }] });
    const { appId, otherAppId, purchase } = server.world;
    const done = await allocateBy(server, 6);
    expect([done.status, done.body]).toEqual([200, { code: 200, message: 'license配额成功' }]);
    expect(await pools(server)).toEqual({ app: [6, 0], shared: [4, 0] });
    expect(await activateAs(server, 6, otherAppId)).toBe(4);
    expect(await activateAs(server, 8, appId)).toBe(6);
    expect(await pools(server)).toEqual({ app: [6, 6], shared: [4, 4] });
    const [row] = await server.store.reader
      .selectFrom('audit')
      .selectAll()
      .where('action', '=', 'quota.allocate')
      .execute();
    expect(row).toMatchObject({ subject: appId, actor: expect.stringMatching(/^credential:/) });
    expect(JSON.parse(row?.detail ?? '')).toEqual({
      ...{ appId, pid: purchase.pid, count: 6, creator: 'admin' },
      from: '127.0.0.1',
    });
  });

  test('a hundred at once with room for ten: exactly ten succeed', async () => {
    const server = await TestServer.start({ engine });
    const answers = await Promise.all(Array.from({ length: 100 }, () => allocateBy(server, 10)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(10);
    expect(answers.find(({ status }) => status !== 200)?.body).toMatchObject({
      error: 'allocation_exceeds_free',
    });
    expect(await pools(server)).toEqual({ app: [100, 0], shared: [0, 0] });
    expect((await listed(server)).count).toBe(10);
  });

  test('what cannot be is refused and changes nothing', async () => {
    const server = await TestServer.start({ engine });
    const locked = await server.world.grant({ apps: [appOf(server, server.world.otherAppId, false)] }, []);
    await importInto(server, locked);
    const before = await everything(server.store.reader);
    const exceeding = await allocateBy(server, 101);
    expect(exceeding.body).toMatchObject({ code: 400, error: 'allocation_exceeds_free' });
    expect(exceeding.body.message).toContain('100');
    for (const count of [0, -1, 1.5, '5', true, null, 1e9, 2 ** 53])
      expect([count, (await allocateBy(server, count)).body.error]).toEqual([count, 'parameter_invalid']);
    for (const creator of ['', ' ', ' admin', 'a\nb', 'x'.repeat(65), '\u202eadmin', 5])
      expect((await allocateBy(server, 1, { creator })).body.error).toBe('parameter_invalid');
    expect((await allocateBy(server, 1, { pid: 'a\u0000b' })).body.error).toBe('body_malformed');
    expect((await allocateBy(server, 1, { pid: newId() })).body.error).toBe('unknown_pid');
    const body = { pid: server.world.purchase.pid, count: 1, creator: 'admin' };
    const { otherAppId } = server.world;
    expect((await server.post(path(server, otherAppId), body)).body.error).toBe('preallocation_not_enabled');
    expect((await server.post(path(server, newAppId()), body)).body.error).toBe('unknown_app');
    expect((await server.post(path(server, '%00'), body)).body.error).toBe('parameter_invalid');
    expect(await everything(server.store.reader)).toEqual(before);
  });

  test('allocations are listed newest first, by page, of one PID or all, to the last page', async () => {
    const server = await TestServer.start({
      engine,
      lines: ({ purchase }) => [purchase, trialOf(purchase)],
    });
    const { purchase } = server.world;
    const trial = trialOf(purchase).pid;
    for (let n = 1; n <= 9; n += 1) {
      server.clock.time = NOW + n;
      const done = await allocateBy(server, n, { pid: n % 3 === 0 ? trial : purchase.pid, creator: `c${n}` });
      expect(done.status).toBe(200);
    }
    const item = (n: number) => ({
      pid: n % 3 === 0 ? trial : purchase.pid,
      type: n % 3 === 0 ? 2 : 1,
      creator: `c${n}`,
      count: n,
      createTime: `2026-03-01 08:00:0${n}`,
    });
    expect(await listed(server)).toEqual({ count: 9, list: [9, 8, 7, 6, 5, 4, 3, 2, 1].map(item) });
    expect(await listed(server, { page: '2', size: '4' })).toEqual({
      count: 9,
      list: [5, 4, 3, 2].map(item),
    });
    expect(await listed(server, { page: '3', size: '4' })).toEqual({ count: 9, list: [item(1)] });
    expect(await listed(server, { page: '4', size: '4' })).toEqual({ count: 9, list: [] });
    expect(await listed(server, { page: '1000000000', size: '1000' })).toEqual({ count: 9, list: [] });
    expect(await listed(server, { pid: trial })).toEqual({ count: 3, list: [9, 6, 3].map(item) });
    expect(await listed(server, { pid: purchase.pid, page: '2', size: '4' })).toEqual({
      count: 6,
      list: [2, 1].map(item),
    });
    expect(await listed(server, { pid: newId() })).toEqual({ count: 0, list: [] });
    expect((await listed(server, { version: 'v1', size: '1' })).list).toEqual([{ ...item(9), vid: 975_820 }]);
  });

  test('unused allocated seats go back, used ones and those of a purchase for the App alone never', async () => {
    const server = await TestServer.start({
      engine,
      lines: ({ purchase, appId }) => [
        { ...purchase, count: 10 },
        { ...purchase, termsId: newId(), count: 3, appId },
      ],
    });
    const { appId } = server.world;
    await allocateBy(server, 4);
    expect(await pools(server)).toEqual({ app: [7, 0], shared: [6, 0] });
    // The line for the App alone is drained first: 3 of its seats, 1 of the allocated.
    await activateAs(server, 4, appId);
    expect(await takeBackBy(server, 4)).toEqual(['take_back_exceeds_unused', 3]);
    expect(await takeBackBy(server, 3)).toBe('done');
    expect(await pools(server)).toEqual({ app: [4, 4], shared: [9, 0] });
    expect(await takeBackBy(server, 1)).toEqual(['take_back_exceeds_unused', 0]);
    expect(await takeBackBy(server, 1, { appId: newAppId() })).toEqual(['unknown_app', undefined]);
    expect(await takeBackBy(server, 1, { pid: newId() })).toEqual(['unknown_pid', undefined]);
    expect((await listed(server)).list.map(({ count, creator }) => [count, creator])).toEqual([
      [-3, 'op'],
      [4, 'admin'],
      [3, 'vendor'],
    ]);
    expect(await sumOfAllocations(server)).toBe(4);
  });

  test('a line for one App that came after it used shared seats is kept for it; everybody finds a line', async () => {
    const server = await TestServer.start({ engine, lines: ({ purchase }) => [{ ...purchase, count: 5 }] });
    const { appId, otherAppId, purchase } = server.world;
    await allocateBy(server, 3);
    await activateAs(server, 3, appId);
    await importInto(
      server,
      await server.world.grant({}, [{ ...purchase, termsId: newId(), count: 3, appId }]),
    );
    // 3 of the App's 6 are free, but they are of the line that no other App may stand on.
    expect(await takeBackBy(server, 1)).toEqual(['take_back_exceeds_unused', 0]);
    expect(await activateAs(server, 9, otherAppId)).toBe(2);
    expect(await activateAs(server, 9, appId)).toBe(3);
    const lines = await server.store.reader.selectFrom('terms').select(['count', 'used']).execute();
    expect(lines.filter(({ count, used }) => count !== used)).toEqual([]);
  });
});

describe.each(ENGINES)('grants and allocations, store in %s', (engine) => {
  const replacing = async (server: TestServer, lines: (server: TestServer) => Terms[]) => {
    const first = await server.store.reader
      .selectFrom('vendor_grant')
      .select('grant_id')
      .where('replaced_by', 'is', null)
      .executeTakeFirstOrThrow();
    return importInto(server, await server.world.grant({ replaces: first.grant_id }, lines(server)));
  };
  const line = (server: TestServer, count: number, appId?: string): Terms => ({
    ...server.world.purchase,
    ...{ termsId: newId(), count },
    ...(appId !== undefined && { appId }),
  });

  test('a purchase for one App is an allocation of the vendor', async () => {
    const server = await TestServer.start({
      engine,
      lines: ({ purchase, appId }) => [{ ...purchase, count: 7, appId }],
    });
    expect(await pools(server)).toEqual({ app: [7, 0] });
    expect(await listed(server)).toMatchObject({ count: 1, list: [{ creator: 'vendor', count: 7 }] });
    await replacing(server, (s) => [line(s, 4, s.world.appId)]);
    expect((await listed(server)).list.map(({ count }) => count)).toEqual([-3, 7]);
    expect((await allocateBy(server, 1)).body.error).toBe('allocation_exceeds_free');
  });

  test('lines for one App that were imported before allocations were recorded are recorded by the migration', async () => {
    const server = await TestServer.start({
      engine,
      lines: ({ purchase, appId }) => [purchase, { ...purchase, termsId: newId(), count: 7, appId }],
    });
    const recorded = () => server.store.reader.selectFrom('allocation').selectAll().execute();
    const before = await recorded();
    await server.store.write(NOW, async ({ db }) => {
      await db.deleteFrom('allocation').execute();
      const [, fill = ''] = allocations;
      await sql.raw(fill).execute(db);
    });
    expect(before).toMatchObject([{ count: 7, creator: 'vendor', created_at: NOW }]);
    expect(await recorded()).toEqual(before);
  });

  test('a replacing grant keeps what was allocated, and is refused where that is no longer there', async () => {
    const server = await TestServer.start({ engine, lines: ({ purchase }) => [{ ...purchase, count: 10 }] });
    await allocateBy(server, 6);
    await activateAs(server, 2, server.world.otherAppId);
    const before = await everything(server.store.reader);
    const error = await throwsWithCode(
      replacing(server, (s) => [line(s, 7)]),
      'grant_below_used',
    );
    expect(error.detail).toMatchObject({ granted: 7, used: 8 });
    expect(await everything(server.store.reader)).toEqual(before);
    await replacing(server, (s) => [line(s, 8)]);
    expect(await pools(server)).toEqual({ app: [6, 0], shared: [2, 2] });
    expect(await sumOfAllocations(server)).toBe(6);
  });

  test('a shared line may take the place of one for an App: what the App used stays its own', async () => {
    const server = await TestServer.start({
      engine,
      lines: ({ purchase, appId }) => [{ ...purchase, count: 5, appId }],
    });
    const { appId, otherAppId } = server.world;
    await activateAs(server, 3, appId);
    await replacing(server, (s) => [line(s, 5)]);
    expect(await pools(server)).toEqual({ app: [3, 3], shared: [2, 0] });
    expect((await listed(server)).list.map(({ count }) => count)).toEqual([-2, 5]);
    const rows = await server.store.reader
      .selectFrom('audit')
      .select('detail')
      .where('action', '=', 'quota.allocate')
      .execute();
    expect(rows.map(({ detail }) => JSON.parse(detail))).toMatchObject([
      { appId, count: 3, creator: 'vendor', grantId: expect.any(String) },
    ]);
    expect(await activateAs(server, 9, otherAppId)).toBe(2);
  });

  test('a second line for an App adds to what was allocated to it', async () => {
    const server = await TestServer.start({ engine, lines: ({ purchase }) => [{ ...purchase, count: 10 }] });
    await allocateBy(server, 4);
    await importInto(server, await server.world.grant({}, [line(server, 2, server.world.appId)]));
    expect(await pools(server)).toEqual({ app: [6, 0], shared: [6, 0] });
    await replacing(server, (s) => [line(s, 10)]);
    expect(await pools(server)).toEqual({ app: [6, 0], shared: [6, 0] });
  });
});

test('requests of one batch see each other', async () => {
  const server = await TestServer.start({ lines: ({ purchase }) => [{ ...purchase, count: 10 }] });
  const { cid, appId, otherAppId, purchase } = server.world;
  const wish = (app: string, count: number) => ({
    ...{ cid, appId: app, pid: purchase.pid, count, creator: 'a', actor: 'operator:test' },
  });
  const outcomes = await server.store.write(NOW, (trx) =>
    allocate(trx, [wish(appId, 6), wish(otherAppId, 6), wish(otherAppId, 4), wish(appId, 1)]),
  );
  expect(outcomes.map((outcome) => (outcome.ok ? outcome.free : outcome.error.code))).toEqual([
    4,
    'allocation_exceeds_free',
    0,
    'allocation_exceeds_free',
  ]);
  expect(await pools(server)).toEqual({ app: [6, 0], other: [4, 0], shared: [0, 0] });
});

test('a vid is a number where one spells it', () => {
  expect(['975823', '0', '007', '999999999999999999', 'x'].map(numericId)).toEqual([
    ...[975_823, 0, '007', '999999999999999999', 'x'],
  ]);
});

/** The same for three months: a PID of its own. */
function trialOf(purchase: PurchaseTerms): PurchaseTerms {
  const validity: Validity = { unit: 'month', count: 3 };
  return {
    ...purchase,
    termsId: newId(),
    validity,
    pid: derivePid(purchase.sku, validity, purchase.category),
  };
}

function appOf({ world }: TestServer, appId: string, preallocation: boolean) {
  return { appId, vid: '975821', name: `App of ${world.cid}`, preallocation };
}

async function sumOfAllocations(server: TestServer): Promise<number> {
  const rows = await server.store.reader.selectFrom('allocation').select('count').execute();
  return rows.reduce((sum, { count }) => sum + count, 0);
}
