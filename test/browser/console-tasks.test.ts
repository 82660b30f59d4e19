import { readFileSync } from 'node:fs';
import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { parseAnswerFile } from '#core/documents/answer-file.ts';
import { Enrollment } from '#core/documents/enrollment.ts';
import { parseJson } from '#core/shapes.ts';
import { closeBrowserAfterAll, openPage, openPageWithCamera } from '../support/browser.ts';
import { ConsoleClient, OWN_PASSWORD } from '../support/console-client.ts';
import { TestDevice } from '../support/device.ts';
import { filmOfCode } from '../support/film.ts';
import { TestServer } from '../support/server.ts';

closeBrowserAfterAll();

/** What the pages say, by language. */
const WORDS = {
  'zh-CN': {
    ...{ importDocument: '导入授权或证书', importNow: '导入', allocate: '分配', count: '数量', save: '保存' },
    ...{ newEnrollment: '生成登记文件', ok: '确定', download: '下载', addKeys: '添加 LicenseKey' },
    ...{ clear: '清空列表', verify: '校验审计链', intact: '审计链完整', change: '批量操作' },
    ...{ look: '查看影响范围', start: '暂停 3 个许可证', undo: /撤销/, resume: '恢复 3 个许可证' },
    ...{
      done: '已完成',
      token: '许可证令牌',
      scan: '扫描二维码',
      renewDays: '为多少天内到期的许可证自动续期',
    },
    ...{
      backup: '下载备份',
      onlyListed: '仅列表中的 LicenseKey 可以激活',
      credential: '创建凭证',
      once: '密钥只显示这一次',
    },
  },
  'en-US': {
    ...{ importDocument: 'Import a grant or certificate', importNow: 'Import', allocate: 'Allocate' },
    ...{ count: 'Count', save: 'Save', newEnrollment: 'Make an enrollment file', ok: 'OK' },
    ...{ download: 'Download', addKeys: 'Add LicenseKeys', clear: 'Clear the list' },
    ...{ verify: 'Verify the chain', intact: 'The chain is intact', change: 'Change many' },
    ...{ look: 'See what it comes to', start: 'Suspend 3 licenses', undo: /Undo/ },
    ...{ resume: 'Resume 3 licenses', done: 'Done', token: 'License token', scan: 'Scan QR codes' },
    ...{ renewDays: 'Renew licenses that end within (days)', backup: 'Download a backup' },
    ...{ onlyListed: 'Only LicenseKeys of the list may activate', credential: 'Make credentials' },
    once: 'The secret is shown this once',
  },
} as const;

async function signedIn(server: TestServer, page: Page) {
  await ConsoleClient.signedIn(server);
  await page.goto(`${server.url}/console/`);
  await page.locator('input[autocomplete=username]').fill('admin');
  await page.locator('input[autocomplete=current-password]').fill(OWN_PASSWORD);
  await page.keyboard.press('Enter');
  await page.locator('#content').waitFor();
}

describe.each(['zh-CN', 'en-US'] as const)('the main task of each page, in %s', (locale) => {
  const words = WORDS[locale];
  const begin = async (options: Parameters<typeof TestServer.start>[0] = {}) => {
    const server = await TestServer.start(options);
    const { page, errors } = await openPage({ locale });
    await signedIn(server, page);
    const button = (name: string | RegExp, within: Pick<Page, 'getByRole'> = page) =>
      within.getByRole('button', { name, exact: typeof name === 'string' });
    const open = (path: string) => page.goto(`${server.url}/console/${path}`);
    return { server, page, errors, button, open, dialog: page.getByRole('dialog') };
  };

  test('Purchases: a grant is dropped, looked at, and imported', async () => {
    const { server, page, button, open, dialog } = await begin();
    const { purchase } = server.world;
    const text = await server.world.grant({}, [{ ...purchase, termsId: 'A'.repeat(32), count: 7 }]);
    await open('purchases');
    await button(words.importDocument).click();
    const file = { name: 'grant.jwt', mimeType: 'text/plain', buffer: Buffer.from(text) };
    await dialog.locator('input[type=file]').setInputFiles(file);
    await dialog.getByText(': 7').waitFor();
    const lines = () => server.store.reader.selectFrom('terms').select('count').execute();
    expect(await lines()).toHaveLength(2);
    // Whoever leaves here has changed nothing.
    await page.reload();
    expect(await lines()).toHaveLength(2);
    await button(words.importDocument).click();
    await dialog.locator('input[type=file]').setInputFiles(file);
    await dialog.getByText(': 7').waitFor();
    await button(words.importNow, dialog).click();
    await dialog.waitFor({ state: 'detached' });
    expect(await lines()).toHaveLength(3);
    await page.getByRole('cell', { name: '7', exact: true }).first().waitFor();
  });

  test('Apps: licenses are allocated, settings saved, an enrollment file and credentials made', async () => {
    const { server, page, button, open, dialog } = await begin();
    const { appId } = server.world;
    await open(`apps/${appId}`);
    await button(words.allocate).click();
    await dialog.getByLabel(words.count).fill('30');
    await button(words.allocate, dialog).click();
    await dialog.waitFor({ state: 'detached' });
    const quota = await server.store.reader
      .selectFrom('quota')
      .select('granted')
      .where('app_id', '=', appId)
      .executeTakeFirst();
    expect(quota).toEqual({ granted: 30 });
    await page.getByLabel(words.renewDays).fill('30');
    await button(words.save).click();
    const app = () =>
      server.store.reader
        .selectFrom('app')
        .select('renew_days')
        .where('app_id', '=', appId)
        .executeTakeFirst();
    await expect.poll(app).toEqual({ renew_days: 30 });
    await button(words.newEnrollment).click();
    await button(words.ok, dialog).click();
    const download = page.waitForEvent('download');
    await button(words.download).click();
    const file = readFileSync(await (await download).path(), 'utf8');
    expect(parseJson(Enrollment, file, 'enrollment_malformed', 'test').appId).toBe(appId);

    await open('apps');
    await button(words.credential).click();
    await button(words.ok, dialog).click();
    await page.getByText(words.once).last().waitFor();
    const pairs = await server.store.reader.selectFrom('credential').select('scope').execute();
    expect(pairs).toHaveLength(2);
  });

  test('Preauthorization: keys are typed and uploaded, also where the page is left, and cleared', async () => {
    const { server, page, button, open, dialog } = await begin();
    await open('preauthorization');
    await button(words.addKeys).click();
    await dialog.locator('textarea').fill('SN-1\nSN-2\n\nSN-2');
    await button(words.ok, dialog).click();
    await page.getByRole('cell', { name: 'SN-2' }).first().waitFor();
    const text = Array.from({ length: 30_000 }, (_, index) => `KEY-${index}\n`).join('');
    const accepted = page.waitForResponse((response) => response.status() === 202);
    await page.locator('input[type=file]').setInputFiles({
      ...{ name: 'keys.txt', mimeType: 'text/plain', buffer: Buffer.from(text) },
    });
    await accepted;
    await page.reload();
    const count = async () => {
      const row = await server.store.reader
        .selectFrom('preauthorization')
        .select(({ fn }) => fn.countAll<number>().as('count'))
        .executeTakeFirstOrThrow();
      return Number(row.count);
    };
    await expect.poll(count, { timeout: 20_000 }).toBe(30_002);
    await page.getByRole('cell', { name: '30000' }).first().waitFor();
    await page.getByRole('switch', { name: words.onlyListed }).click();
    await button(words.ok, dialog).click();
    await dialog.waitFor({ state: 'detached' });
    expect((await server.activate('OTHER')).status).toBe(400);
    await button(words.clear).click();
    await button(words.clear, dialog).click();
    const lists = () =>
      server.store.reader
        .selectFrom('preauthorization_list')
        .select('enabled')
        .where('cleared_at', 'is', null)
        .execute();
    await expect.poll(async () => (await server.activate('KEY-1')).status).toBe(400);
    expect(await lists()).toEqual([{ enabled: 1 }]);
  });

  test('Many at once: numbers first, then done, then undone', async () => {
    const { server, page, button, open, dialog } = await begin();
    for (let count = 0; count < 3; count += 1) await server.activate(`SN-${count}`);
    const states = async () => {
      const rows = await server.store.reader.selectFrom('license').select('state').execute();
      return rows.map(({ state }) => state);
    };
    await open('licenses?key=SN-');
    await button(words.change).click();
    await button(words.look, dialog).click();
    await button(words.start).waitFor();
    expect(await states()).toEqual(['active', 'active', 'active']);
    await button(words.start).click();
    await page.getByText(words.done).first().waitFor();
    expect(await states()).toEqual(['suspended', 'suspended', 'suspended']);
    await button(words.undo).click();
    await button(words.resume).click();
    await expect.poll(states).toEqual(['active', 'active', 'active']);
  });

  test('Audit: the chain is verified', async () => {
    const { page, button, open, server } = await begin();
    await server.activate('SN-1');
    await open('audit');
    await page.getByRole('cell', { name: 'license.activate' }).waitFor();
    await button(words.verify).click();
    await page.getByText(words.intact).waitFor();
  });

  test('Settings: a backup is downloaded', async () => {
    const { page, open } = await begin();
    await open('settings');
    const download = page.waitForEvent('download');
    await page.getByRole('link', { name: words.backup }).click();
    expect(
      readFileSync(await (await download).path())
        .subarray(0, 15)
        .toString(),
    ).toBe('SQLite format 3');
  });
});

describe('the offline desk', () => {
  const withDevices = async () => {
    const server = await TestServer.start();
    const admin = await ConsoleClient.signedIn(server, { name: 'maker', role: 'operator' });
    const { appId, purchase } = server.world;
    const wish = { pid: purchase.pid, maxActivations: 10, days: 30 };
    const enrollment = (await admin.post(`/apps/${appId}/enrollments`, wish)).body as Enrollment;
    const device = (licenseKey: string) => new TestDevice(server, enrollment, licenseKey);
    const licensed = async () => {
      const rows = await server.store.reader.selectFrom('license').select('license_key').execute();
      return rows.map(({ license_key }) => license_key).toSorted();
    };
    return { server, device, licensed };
  };

  test('request files are dropped, and each answer is a file for its device', async () => {
    const { server, device, licensed } = await withDevices();
    const { page } = await openPage({ locale: 'zh-CN' });
    await signedIn(server, page);
    await page.goto(`${server.url}/console/desk`);
    const one = device('SN-1');
    const file = async (name: string, from: TestDevice) => ({
      ...{ name, mimeType: 'application/json' },
      buffer: Buffer.from(JSON.stringify({ version: 1, licenseRequests: [await from.request()] })),
    });
    const files = [await file('one.json', one), await file('two.json', device('SN-2'))];
    await page.locator('input[type=file]').setInputFiles(files);
    await page.getByText(WORDS['zh-CN'].token).nth(1).waitFor();
    expect(await licensed()).toEqual(['SN-1', 'SN-2']);
    const download = page.waitForEvent('download');
    await page.getByRole('button', { name: 'one.answer.json' }).click();
    const saved = readFileSync(await (await download).path(), 'utf8');
    const [answer] = parseAnswerFile(saved, 'test').answers;
    expect((await one.verify(answer as never)).kind).toBe('token');
  });

  test('a QR code that is held before the camera is answered', async () => {
    const { server, device, licensed } = await withDevices();
    const { page } = await openPageWithCamera(filmOfCode(await device('SN-7').request()));
    await signedIn(server, page);
    await page.goto(`${server.url}/console/desk`);
    await page.getByRole('button', { name: /Scan QR codes|扫描二维码/ }).click();
    await page.getByRole('cell', { name: 'SN-7' }).waitFor();
    expect(await licensed()).toEqual(['SN-7']);
  });
});
