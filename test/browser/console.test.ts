import { type FastifyInstance, fastify } from 'fastify';
import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { consolePages } from '../../server-stub/http/console/pages.ts';
import { installProblems } from '../../server-stub/http/problems.ts';
import { hashPassword } from '../../server-stub/users/password.ts';
import { createUser } from '../../server-stub/users/users.ts';
import { closeBrowserAfterAll, openPage } from '../support/browser.ts';
import { ConsoleClient, FIRST_PASSWORD, OWN_PASSWORD } from '../support/console-client.ts';
import { TestServer } from '../support/server.ts';
import { seriousViolations } from './axe.ts';

closeBrowserAfterAll();

const PAGES = [
  'overview',
  'usage',
  'licenses',
  'bulk-changes',
  'purchases',
  'apps',
  'preauthorization',
  'desk',
  'audit',
  'users',
  'settings',
] as const;

/** Types name and password; with the password of one's own, up to the first page. */
async function signIn(page: Page, server: TestServer, password = OWN_PASSWORD) {
  await page.goto(`${server.url}/console/`);
  await page.locator('input[autocomplete=username]').fill('admin');
  await page.locator('input[autocomplete=current-password]').fill(password);
  await page.keyboard.press('Enter');
  if (password === OWN_PASSWORD) await page.locator('#content').waitFor();
}

const heading = (page: Page) => page.getByRole('heading', { level: 1 });

describe.each([
  ['zh-CN', { signIn: '登录', first: '概览', choose: '设置密码', wrong: '用户名、密码或验证码错误' }],
  ['en-US', { signIn: 'Sign in', first: 'Overview', choose: 'Choose a password', wrong: 'is wrong' }],
])('the Console in a browser that speaks %s', (locale, words) => {
  test('somebody signs in for the first time, chooses a password, and is signed out where they leave', async () => {
    const server = await TestServer.start();
    const passwordHash = await hashPassword(FIRST_PASSWORD);
    await server.store.write(server.clock.now(), (transaction) =>
      createUser(transaction, { name: 'admin', role: 'admin', cid: null, passwordHash }, 'operator:test'),
    );
    const { page, errors } = await openPage({ locale });
    await signIn(page, server, 'wrong');
    await page.getByRole('alert').getByText(words.wrong).waitFor();
    await page.locator('input[autocomplete=current-password]').fill(FIRST_PASSWORD);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: words.choose }).waitFor();
    const fields = page.locator('input[type=password]');
    for (const [index, text] of [FIRST_PASSWORD, OWN_PASSWORD, OWN_PASSWORD].entries())
      await fields.nth(index).fill(text);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: words.first, exact: true }).waitFor();
    const user = () => server.store.reader.selectFrom('console_user').selectAll().executeTakeFirstOrThrow();
    expect(await user()).toMatchObject({ must_change: 0, failures: 0 });
    // A reload goes on where one was.
    await page.reload();
    await page.getByRole('heading', { name: words.first, exact: true }).waitFor();
    expect(await page.evaluate('document.cookie')).toBe('');

    await page.getByRole('banner').getByRole('button').last().click();
    await page.getByRole('button', { name: words.signIn, exact: true }).waitFor();
    expect(await server.store.reader.selectFrom('console_session').selectAll().execute()).toEqual([]);
    expect(errors.filter((text) => !text.includes('401'))).toEqual([]);
  });

  test('usage and licenses show what the store holds, and find what is looked for', async () => {
    const server = await TestServer.start();
    await ConsoleClient.signedIn(server);
    for (let count = 0; count < 60; count += 1) await server.activate(`SN-${count}`);
    const { page } = await openPage({ locale });
    await signIn(page, server);
    await page.goto(`${server.url}/console/usage`);
    const row = page.getByRole('row').filter({ hasText: server.world.purchase.pid });
    await row.waitFor();
    expect(await row.getByRole('cell').allTextContents()).toEqual(
      expect.arrayContaining(['100', '60', '40', '60%']),
    );
    await page.goto(`${server.url}/console/licenses`);
    const keys = page.getByRole('row').filter({ hasText: /SN-/ });
    await expect.poll(() => keys.count()).toBe(50);
    await page.getByRole('button', { name: /^(下一页|Next)$/ }).click();
    await expect.poll(() => keys.count()).toBe(10);
    await page.getByRole('searchbox').fill('SN-1');
    await page.keyboard.press('Enter');
    await expect.poll(() => keys.count()).toBe(11);
    expect(page.url()).toContain('key=SN-1');
    // What is looked for stands in the address.
    await page.reload();
    await expect.poll(() => keys.count()).toBe(11);
  });
});

test('an administrator adds a user, who then may sign in', async () => {
  const server = await TestServer.start();
  await ConsoleClient.signedIn(server);
  const { page } = await openPage({ locale: 'en-US' });
  await signIn(page, server);
  await heading(page).waitFor();
  await page.goto(`${server.url}/console/users`);
  await page.getByRole('button', { name: 'Add a user' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('User name').fill('eve');
  await dialog.getByRole('button', { name: 'OK' }).click();
  const told = page.getByRole('dialog').filter({ hasText: 'shown this once' });
  await told.waitFor();
  const [password = ''] = /[a-z2-9]{4}(-[a-z2-9]{4}){3}/.exec((await told.textContent()) ?? '') ?? [];
  const eve = new ConsoleClient(server);
  expect((await eve.post('/session', { name: 'eve', password })).body).toMatchObject({ role: 'viewer' });
});

test('an operator pauses, moves and labels a license, and sees what happened to it', async () => {
  const server = await TestServer.start();
  await ConsoleClient.signedIn(server);
  await server.activate('SN-1');
  const { page } = await openPage({ locale: 'zh-CN' });
  await signIn(page, server);
  await page.goto(`${server.url}/console/licenses`);
  await page.getByRole('link', { name: 'SN-1' }).click();
  const button = (name: string) => page.getByRole('button', { name, exact: true });
  const stored = () => server.store.reader.selectFrom('license').selectAll().executeTakeFirstOrThrow();
  await button('暂停').click();
  await page.getByRole('dialog').getByRole('button', { name: '暂停' }).click();
  await button('恢复').waitFor();
  expect((await stored()).state).toBe('suspended');
  await button('恢复').click();
  await button('暂停').waitFor();
  await button('备注与分组').click();
  await page.getByRole('dialog').getByLabel('分组').fill('三年级');
  await page.getByRole('dialog').getByRole('button', { name: '确定' }).click();
  await expect.poll(async () => (await stored()).group_name).toBe('三年级');
  await button('转移').click();
  await page.getByRole('dialog').getByLabel('目标 LicenseKey').fill('SN-2');
  await page.getByRole('dialog').getByRole('button', { name: '确定' }).click();
  await page.getByRole('heading', { level: 1, name: 'SN-2' }).waitFor();
  expect(await stored()).toMatchObject({ state: 'active', license_key: 'SN-2', group_name: '三年级' });
  const history = await page.locator('.ant-timeline').textContent();
  for (const word of ['激活', '暂停', '恢复', '修改备注', '转移']) expect(history).toContain(word);
});

/** Colours differ by appearance and places by width: two of the four see all there is; on a clean clone all four look. */
const LOOKS: readonly (readonly ['light' | 'dark', number])[] = [
  ['light', 1440],
  ['dark', 360],
  ...(process.env['CI'] === undefined
    ? []
    : ([
        ['dark', 1440],
        ['light', 360],
      ] as const)),
];

test.each(LOOKS)(
  'nothing serious stands in the way of anybody: %s, %i px',
  async (colorScheme, width) => {
    const server = await TestServer.start();
    await ConsoleClient.signedIn(server);
    for (let count = 0; count < 3; count += 1) await server.activate(`SN-${count}`);
    const { page } = await openPage({ locale: 'zh-CN', colorScheme, viewport: { width, height: 800 } });
    await page.goto(`${server.url}/console/`);
    await heading(page).waitFor();
    expect(['sign-in', await seriousViolations(page)]).toEqual(['sign-in', []]);
    await signIn(page, server);
    const { license } = await server.store.reader
      .selectFrom('license')
      .select('license')
      .executeTakeFirstOrThrow();
    const admin = new ConsoleClient(server);
    await admin.post('/session', { name: 'admin', password: OWN_PASSWORD });
    const { bulkId } = (await admin.post('/bulk-changes', { verb: 'suspend', filter: {} })).body;
    await admin.post(`/apps/${server.world.appId}/preauthorization/keys`, { licenseKeys: ['SN-1', 'SN-2'] });
    const inner = [`licenses/${license}`, `apps/${server.world.appId}`, `bulk-changes/${bulkId}`];
    for (const path of [...PAGES, ...inner]) {
      await page.goto(`${server.url}/console/${path}`);
      await heading(page).waitFor();
      await page.waitForLoadState('networkidle');
      expect([path, await seriousViolations(page)]).toEqual([path, []]);
      const overflow = await page.evaluate('document.documentElement.scrollWidth - innerWidth');
      expect([path, overflow]).toEqual([path, 0]);
      if (process.env['LOOK'])
        await page.screenshot({
          path: `${process.env['LOOK']}/${colorScheme}-${width}-${path.replace(/\/.*/, '-one')}.png`,
          fullPage: true,
        });
    }
  },
  180_000,
);

test('pages carry no script of their own, sit in no frame, and are asked for by no other host', async () => {
  const server = await TestServer.start();
  const page = await fetch(`${server.url}/console/licenses?key=x`);
  expect(page.headers.get('content-security-policy')).toContain("script-src 'self'");
  expect(page.headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
  expect(page.headers.get('x-frame-options')).toBe('DENY');
  expect(page.headers.get('cache-control')).toBe('no-cache');
  const html = await page.text();
  expect(html).not.toMatch(/<script(?![^>]*\bsrc=)/);
  const [, asset = ''] = /src="([^"]+\.js)"/.exec(html) ?? [];
  const script = await fetch(`${server.url}${asset}`);
  expect(script.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
  for (const path of ['/console/assets/none.js', '/console/assets/..%2f..%2fpackage.json'])
    expect((await fetch(`${server.url}${path}`)).status).toBeGreaterThanOrEqual(400);
  expect((await fetch(`${server.url}/console`, { redirect: 'manual' })).headers.get('location')).toBe(
    '/console/',
  );
});

test('where the pages were not built the server says how to build them', async () => {
  const app = fastify() as unknown as FastifyInstance;
  installProblems(app);
  await consolePages(app, '/nowhere');
  const { statusCode, body } = await app.inject({ url: '/console/usage' });
  expect([statusCode, JSON.parse(body).error]).toEqual([503, 'console_not_built']);
});
