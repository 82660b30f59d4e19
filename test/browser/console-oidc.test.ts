import { expect, test } from 'vitest';
import { closeBrowserAfterAll, openPage } from '../support/browser.ts';
import { TestDirectory } from '../support/directory.ts';
import { TestServer } from '../support/server.ts';
import { seriousViolations } from './axe.ts';

closeBrowserAfterAll();

// Chromium takes localhost and 127.0.0.1 for two sites: the session's cookie must survive the way back from another.
test.each([
  ['zh-CN', { through: '使用校园统一认证登录', usage: '用量查看', refused: '未获准在此登录' }],
  [
    'en-US',
    {
      through: 'Sign in through 校园统一认证',
      usage: 'Usage',
      refused: 'may not sign in here',
    },
  ],
])('somebody signs in through the directory, in a browser that speaks %s', async (locale, words) => {
  const directory = await TestDirectory.start();
  directory.add('pupil', '2026001', { groups: ['pupils'] });
  directory.add('alice', '1001', { groups: ['staff'] });
  const server = await TestServer.start({
    env: {
      ...directory.env,
      LICENSE_SERVER_OIDC_NAME: '校园统一认证',
      LICENSE_SERVER_OIDC_ROLES: '[{"group":"staff","role":"viewer"}]',
    },
  });
  server.clock.run();
  await directory.serve(server.url);
  const { page } = await openPage({ locale });
  const begin = async (login: string) => {
    await page.getByRole('link', { name: words.through }).click();
    await page.waitForURL(`${directory.url}/**`);
    await page.locator('input[name=login]').fill(login);
    await page.locator('input[name=password]').fill('any');
    await page.keyboard.press('Enter');
    await page.waitForURL(`${server.url}/console/**`);
  };
  await page.goto(`${server.url}/console/`);
  await page.getByRole('link', { name: words.through }).waitFor();
  expect(await seriousViolations(page)).toEqual([]);

  await begin('2026001');
  await page.getByRole('alert').getByText(words.refused).waitFor();
  // It is told once.
  await expect.poll(() => page.url()).not.toContain('failure');
  expect(await seriousViolations(page)).toEqual([]);
  if (process.env['LOOK']) await page.screenshot({ path: `${process.env['LOOK']}/sign-in-${locale}.png` });
  await page.reload();
  await page.getByRole('link', { name: words.through }).waitFor();
  expect(await page.getByRole('alert').count()).toBe(0);

  // The directory knows who sits there from before: another person takes another browser.
  await page.context().clearCookies();
  await begin('1001');
  await page.getByRole('heading', { name: words.usage, exact: true }).waitFor();
  expect(await page.evaluate('document.cookie')).toBe('');
  const [session] = await server.store.reader.selectFrom('console_session').selectAll().execute();
  expect(session).toBeDefined();
  await page.reload();
  await page.getByRole('heading', { name: words.usage, exact: true }).waitFor();
});
