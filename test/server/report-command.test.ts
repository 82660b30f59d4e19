import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openStore } from '../../server-stub/store/database.ts';
import { run } from '../flow/program.ts';
import { englishIn } from '../support/chinese.ts';
import { serveEnvironment } from '../support/prepare-server.ts';
import { runHere } from '../support/run-here.ts';
import { TestServer } from '../support/server.ts';
import { createServerFolder } from '../support/server-folder.ts';

const MARCH = ['--from', '2026-03-01', '--to', '2026-03-31'];

describe('license-server report', () => {
  test('beside a running server writes the file that the vendor verifies', async () => {
    const server = await TestServer.start();
    await server.activate('SN-1');
    // The command takes the machine's time, and so must the server after it.
    server.clock.run();
    const file = join(server.folder.stateDir, 'report.jwt');
    const env = serveEnvironment(server.folder);
    const told = await run('server', { args: ['report', ...MARCH, '--out', file], env });
    expect(told).toMatchObject({ code: 0, stderr: '' });
    for (const text of ['2026-03-01 to 2026-03-31', 'Asia/Shanghai', 'App 0', 'license-vendor report'])
      expect(told.stdout).toContain(text);
    expect(statSync(file).mode & 0o777).toBe(0o644);

    const args = ['report', file, '--roots', server.folder.rootsFile, '--json'];
    const verified = await run('vendor', { args });
    expect(verified.code).toBe(0);
    const { companies, iss } = JSON.parse(verified.stdout);
    expect(iss).toBe(server.world.serverId);
    const rows: { appId?: string; activated: number }[] = companies[0].rows;
    expect(rows.find(({ appId }) => appId === server.world.appId)?.activated).toBe(1);
    // The server went on meanwhile, and its trail is whole.
    expect((await server.activate('SN-2')).status).toBe(200);
    expect((await run('server', { args: ['audit', 'verify', '--json'], env })).code).toBe(0);
  });

  test('speaks Chinese, and says the same in JSON', async () => {
    const folder = await createServerFolder();
    const env = { ...serveEnvironment(folder), LC_ALL: 'zh_CN.UTF-8' };
    const out = (name: string) => ['--out', join(folder.stateDir, name)];
    const chinese = await runHere('server', { args: ['report', ...MARCH, ...out('a.jwt')], env });
    expect(chinese.stdout).toContain('用量报告');
    expect(englishIn(chinese.stdout.replaceAll('Test School', ''))).toEqual([]);
    const help = await runHere('server', { args: ['report', '--help'], env });
    expect(help.stdout).toContain('统计期');
    const { stdout } = await runHere('server', {
      args: ['report', ...MARCH, ...out('b.jwt'), '--json'],
      env,
    });
    expect(JSON.parse(stdout)).toMatchObject({ fromDay: '2026-03-01', companies: [{ cid: '717241' }] });
  });

  test('writes no file over, and none where the store was changed by hand', async () => {
    const folder = await createServerFolder();
    const env = serveEnvironment(folder);
    const file = join(folder.stateDir, 'report.jwt');
    const ask = async (...args: string[]) => {
      const { stdout, code } = await runHere('server', { args: ['report', ...args, '--json'], env });
      return { code, error: JSON.parse(stdout).error };
    };
    const store = await openStore(folder.store);
    await store.write(folder.world.now, ({ db }) => db.updateTable('quota').set({ granted: 1000 }).execute());
    await store.close();
    expect(await ask(...MARCH, '--out', file)).toEqual({ code: 1, error: 'report_inconsistent' });
    expect(existsSync(file)).toBe(false);
    expect(await ask(...MARCH, '--out', folder.rootsFile)).toEqual({ code: 2, error: 'file_exists' });
    const other = await ask(...MARCH, '--cid', '404', '--out', file);
    expect(other).toEqual({ code: 2, error: 'unknown_company' });
    expect(await ask('--from', '2026-03-01', '--out', file)).toEqual({ code: 2, error: 'usage' });
  });
});
