import { describe, expect, test } from 'vitest';
import { newAppId, newId } from '#core/ids.ts';
import { openStore } from '../../server-stub/store/database.ts';
import { runHere } from '../support/run-here.ts';
import { createServerFolder } from '../support/server-folder.ts';

const CHINESE = { LC_ALL: 'zh_CN.UTF-8' };
const ENGLISH = { LC_ALL: 'C.UTF-8' };

/** A server's folder with an operator at its keyboard. */
async function operated() {
  const folder = await createServerFolder({
    lines: ({ purchase, renewal, otherAppId }) => [
      { ...purchase, count: 10 },
      { ...purchase, termsId: newId(), count: 2, appId: otherAppId },
      renewal,
    ],
  });
  const env = { LICENSE_SERVER_STATE_DIR: folder.stateDir };
  const read = (args: readonly string[], language = ENGLISH) =>
    runHere('server', { args, env: { ...env, ...language } });
  const ask = async (...args: string[]) => {
    const { code, stdout } = await read(['--json', ...args]);
    return { code, ...JSON.parse(stdout) };
  };
  return { folder, world: folder.world, read, ask };
}

/** Cells of each line: columns stand two spaces or more apart. */
const cellsOf = (stdout: string) =>
  stdout
    .trimEnd()
    .split('\n')
    .map((line) => line.split(/ {2,}/));

describe('license-server quota', () => {
  test('allocate and take-back move seats, list shows them', async () => {
    const { world, read, ask } = await operated();
    const { appId, purchase } = world;
    const which = ['--app', appId, '--pid', purchase.pid];
    expect(await ask('quota', 'allocate', ...which, '--count', '6')).toEqual({
      ...{ code: 0, appId, pid: purchase.pid, granted: 6, free: 4 },
    });
    const back = await read(['quota', 'take-back', ...which, '--count', '2', '--creator', '张三'], CHINESE);
    expect([back.code, back.stdout]).toEqual([0, `App ${appId} 现有专用许可证 4 个；共享池剩余 6 个。\n`]);

    const pools = (await ask('quota')).pools as { appId: string }[];
    const { cid, otherAppId } = world;
    const pool = { cid, pid: purchase.pid, used: 0, overdraft: 0 };
    expect(pools.find((row) => row.appId === '')).toEqual({ ...pool, appId: '', granted: 6, allocated: 0 });
    expect(pools.find((row) => row.appId === appId)).toEqual({ ...pool, appId, granted: 4, allocated: 4 });
    expect(pools.find((row) => row.appId === otherAppId)).toEqual({
      ...{ ...pool, appId: otherAppId, granted: 2, allocated: 0 },
    });
    const [head, ...rows] = cellsOf((await read(['quota', 'list'])).stdout);
    expect(head).toEqual(['CID', 'PID / renewId', 'App', 'Granted', 'Allocated', 'Used', 'Left', 'What']);
    const license = '1 year, device, RTC, audio+video, unlimited, 00:00~23:59 Asia/Shanghai';
    expect(rows).toContainEqual([cid, purchase.pid, 'App 0', '4', '4', '0', '4', license]);
    expect(rows).toContainEqual([
      ...[cid, world.renewal.renewId, 'shared', '20', '0', '20'],
      `renewal, 1 year, of PID ${purchase.pid}`,
    ]);
  });

  test('allocations says who reserved how many, newest first, what was taken back and what the vendor sold for the App', async () => {
    const { world, read, ask } = await operated();
    const { appId, otherAppId, purchase } = world;
    const which = ['--app', appId, '--pid', purchase.pid];
    await ask('quota', 'allocate', ...which, '--count', '6', '--creator', '张三');
    await ask('quota', 'take-back', ...which, '--count', '2', '--creator', '=1+1');
    const all = await ask('quota', 'allocations', '--app', appId);
    expect(all).toMatchObject({ code: 0, count: 2, page: 1, size: 20 });
    const one = { pid: purchase.pid, validity: purchase.validity };
    expect(all.list).toMatchObject([
      { ...one, creator: '=1+1', count: -2 },
      { ...one, creator: '张三', count: 6 },
    ]);
    const second = await ask('quota', 'allocations', ...which, '--size', '1', '--page', '2');
    expect(second.list).toMatchObject([{ creator: '张三', count: 6 }]);
    const sold = await ask('quota', 'allocations', '--app', otherAppId);
    expect(sold.list).toMatchObject([{ ...one, creator: 'vendor', count: 2 }]);

    const [head, , row] = cellsOf((await read(['quota', 'allocations', '--app', appId])).stdout);
    expect(head).toEqual(['Time', 'Licenses', 'Creator', 'PID', 'Validity']);
    expect(row?.slice(1)).toEqual(['6', '张三', purchase.pid, '1 year']);
    const beyond = await read(['quota', 'allocations', ...which, '--page', '3'], CHINESE);
    expect(beyond.stdout).toBe('没有此页，共 2 条记录。\n');
    expect(await ask('quota', 'allocations', '--app', newAppId())).toMatchObject({
      ...{ code: 2, error: 'unknown_app' },
    });
  });

  test('what cannot be is refused, by code', async () => {
    const { world, ask } = await operated();
    const { appId, otherAppId, purchase } = world;
    const codes = [];
    for (const [verb, app, pid, count] of [
      ['allocate', appId, purchase.pid, '11'],
      ['allocate', newAppId(), purchase.pid, '1'],
      ['allocate', appId, newId(), '1'],
      ['take-back', appId, purchase.pid, '1'],
      ['take-back', otherAppId, purchase.pid, '1'],
      ['allocate', appId, purchase.pid, '0'],
    ] as const) {
      const { code, error } = await ask('quota', verb, '--app', app, '--pid', pid, '--count', count);
      codes.push([code, error]);
    }
    expect(codes).toEqual([
      [3, 'allocation_exceeds_free'],
      [2, 'unknown_app'],
      [3, 'unknown_pid'],
      [3, 'take_back_exceeds_unused'],
      [3, 'take_back_exceeds_unused'],
      [2, 'usage'],
    ]);
    const which = ['--app', appId, '--pid', purchase.pid, '--count', '1'];
    expect(await ask('quota', 'allocate', ...which, '--creator', ' ')).toMatchObject({
      code: 2,
      error: 'usage',
    });
  });
});

describe('license-server app', () => {
  test('set changes what is named, list shows it', async () => {
    const { world, read, ask } = await operated();
    const { cid, appId, otherAppId, purchase } = world;
    const set = ['app', 'set', appId];
    const renewal = ['--auto-renew-days', '30', '--auto-renew-seen-days', '90'];
    expect(await ask(...set, ...renewal, '--device-renewal', 'on', '--legacy-pid', purchase.pid)).toEqual({
      ...{ code: 0, appId, renewDays: 30, renewSeenDays: 90, deviceRenewal: true, legacyPid: purchase.pid },
    });
    const { apps } = await ask('app', 'list');
    expect(apps.find((app: { appId: string }) => app.appId === appId)).toEqual({
      ...{ cid, appId, vid: '975820', name: 'App 0', preallocation: true },
      ...{
        autoRenewDays: 30,
        autoRenewSeenDays: 90,
        deviceRenewal: true,
        legacyPid: purchase.pid,
        waiting: [],
      },
    });
    expect(apps.find((app: { appId: string }) => app.appId === otherAppId)).toMatchObject({
      ...{ autoRenewDays: null, autoRenewSeenDays: null, deviceRenewal: false, legacyPid: null },
    });
    const table = cellsOf((await read(['app', 'list'])).stdout);
    expect(table).toContainEqual([
      ...[cid, appId, 'App 0', 'on', '30 days before the end, seen within 90 days', 'on', purchase.pid],
    ]);
    await ask(...set, '--auto-renew-days', 'off', '--legacy-pid', 'off');
    const chinese = cellsOf((await read(['app', 'list'], CHINESE)).stdout);
    expect(chinese).toContainEqual([cid, appId, 'App 0', '开', '关', '开', '关']);
  });

  test('mistakes are refused, by code', async () => {
    const { world, ask } = await operated();
    const { appId } = world;
    const codes = [];
    for (const args of [
      [appId],
      [appId, '--auto-renew-days', '61'],
      [appId, '--auto-renew-days', '0'],
      [appId, '--device-renewal', 'yes'],
      [appId, '--legacy-pid', newId()],
      [newAppId(), '--auto-renew-days', '5'],
    ])
      codes.push((await ask('app', 'set', ...args)).error);
    expect(codes).toEqual(['usage', 'usage', 'usage', 'usage', 'unknown_pid', 'unknown_app']);
  });

  test('who waits for renewal licenses is shown by both', async () => {
    const { folder, world, read, ask } = await operated();
    const { cid, appId, purchase } = world;
    const store = await openStore(folder.store);
    const shortage = { cid, app_id: appId, pid: purchase.pid, waiting: 7, reported_at: world.now };
    await store.write(world.now, ({ db }) => db.insertInto('renewal_shortage').values(shortage).execute());
    await store.close();
    for (const group of ['app', 'quota']) {
      const { stdout } = await read([group, 'list']);
      expect(stdout).toContain(`\n7 licenses of App 0 wait for renewal licenses of PID ${purchase.pid}.\n`);
      const chinese = await read([group, 'list'], CHINESE);
      expect(chinese.stdout).toContain(
        `App 0 有 7 个许可证等待续期，缺少 PID ${purchase.pid} 的续期许可证。`,
      );
    }
    expect((await ask('quota')).waiting).toEqual([{ cid, appId, pid: purchase.pid, waiting: 7 }]);
  });
});
