import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Page } from 'playwright-core';
import { expect, onTestFinished, test } from 'vitest';
import { newId } from '#core/ids.ts';
import { closeBrowserAfterAll, openPage } from '../support/browser.ts';
import { ConsoleClient, OWN_PASSWORD } from '../support/console-client.ts';
import { board, TestDevice } from '../support/device.ts';
import { everything } from '../support/everything.ts';
import { importInto } from '../support/import-into.ts';
import { TestServer } from '../support/server.ts';

closeBrowserAfterAll();

/** What would run where a text became a part of the page, each as long as the field takes. */
const HOSTILE = `"'><img src=x onerror="hit=1">`;
const SCRIPT = '</script><script>hit=1</script>{{constructor}}';

async function signedIn(server: TestServer, page: Page): Promise<void> {
  await page.goto(`${server.url}/console/`);
  await page.locator('input[autocomplete=username]').fill('admin');
  await page.locator('input[autocomplete=current-password]').fill(OWN_PASSWORD);
  await page.keyboard.press('Enter');
  await page.locator('#content').waitFor();
}

test('what a device, a file or a user fills in stays text on every page', async () => {
  const server = await TestServer.start();
  const { world } = server;
  const admin = await ConsoleClient.signedIn(server);
  const { appId, otherAppId, purchase } = world;
  // The vendor's words: names of company and Apps, the label of a line.
  const app = { appId, vid: '975820', name: HOSTILE.slice(0, 64), preallocation: true };
  const line = { ...purchase, termsId: newId(), label: SCRIPT };
  const names = { name: HOSTILE, apps: [app, { ...app, appId: otherAppId, vid: '975821', name: SCRIPT }] };
  await importInto(server, await world.grant(names, [line]));
  // The device's.
  const device = new TestDevice(server, await server.enrollment(), HOSTILE, board('x'));
  await device.send(await device.request({ agentVersion: HOSTILE.slice(0, 32) }));
  const { license } = await server.store.reader
    .selectFrom('license')
    .select('license')
    .executeTakeFirstOrThrow();
  // Those of people and of files.
  await admin.post(`/licenses/${license}/label`, { label: HOSTILE, group: SCRIPT });
  await admin.post('/credentials', { cid: world.cid, scope: 'full', label: HOSTILE });
  const list = { name: `${HOSTILE}.csv`, text: `license\n${license}\n<img src=x onerror=hit=1>\n` };
  const { bulkId } = (await admin.post('/bulk-changes', { verb: 'suspend', list })).body;
  const preauthorization = `/apps/${appId}/preauthorization`;
  await admin.post(`${preauthorization}/keys`, { licenseKeys: [SCRIPT] });
  await admin.send('POST', `${preauthorization}/uploads?partial=true`, `${HOSTILE}\n${SCRIPT} \t\nSN-3\n`, {
    origin: server.url,
    'content-type': 'text/plain',
  });

  const { page, errors } = await openPage({ locale: 'zh-CN' });
  await signedIn(server, page);
  const seen = new Set<string>();
  const query = encodeURIComponent(HOSTILE);
  for (const path of [
    ...['overview', 'usage', `licenses?key=${query}&group=${query}&appId=${query}`, 'licenses'],
    ...[`licenses/${license}`, `licenses/${query}`, 'bulk-changes', `bulk-changes/${bulkId}`, 'purchases'],
    ...['apps', `apps/${appId}`, `apps/${query}`, 'preauthorization', 'desk', 'audit', 'users', 'settings'],
    ...[`${query}`, `?next=javascript:hit=1`],
  ]) {
    await page.goto(`${server.url}/console/${path}`);
    await page.locator('#content').waitFor();
    await page.waitForLoadState('networkidle');
    const text = (await page.textContent('body')) ?? '';
    if (text.includes('onerror=') || text.includes('{{constructor}}')) seen.add(path);
    expect([path, await page.evaluate('typeof hit')]).toEqual([path, 'undefined']);
    expect([path, await page.locator('img[src="x"], #content b, #content i:not([class])').count()]).toEqual([
      path,
      0,
    ]);
  }
  await page.goto(`${server.url}/console/desk`);
  const file = { name: `${HOSTILE}.json`, mimeType: 'application/json', buffer: Buffer.from(HOSTILE) };
  await page.locator('input[type=file]').first().setInputFiles(file);
  await page.getByText('onerror=').first().waitFor();
  expect(await page.evaluate('typeof hit')).toBe('undefined');
  // It was there to be seen, as what it is.
  expect([...seen]).toEqual(
    expect.arrayContaining(['usage', `licenses/${license}`, `bulk-changes/${bulkId}`, 'purchases', 'apps']),
  );
  expect(errors.filter((error) => /Content Security Policy|hit/.test(error))).toEqual([]);
});

test('another site can neither frame the Console nor have a signed-in browser change anything', async () => {
  const server = await TestServer.start();
  await ConsoleClient.signedIn(server);
  const { page } = await openPage();
  await signedIn(server, page);
  // Of the same site (RFC 6265bis), so that SameSite alone would let it pass: another port of this host.
  const target = `${server.url}/console/api/credentials`;
  const sister = createServer((_request, response) => {
    response.setHeader('content-type', 'text/html');
    response.end(`
      <iframe name="answer" src="${server.url}/console/users"></iframe>
      <form method="post" enctype="text/plain" target="answer" action="${target}">
        <input name='{"scope":"full","cid":"${server.world.cid}","label":"' value='"}'>
      </form>`);
  });
  await new Promise<void>((resolve) => sister.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void sister.close());
  const before = await everything(server.store.reader);
  await page.goto(`http://127.0.0.1:${(sister.address() as AddressInfo).port}/`);
  // The frame shows that it was refused, and nothing of the Console.
  await expect.poll(() => page.frames()[1]?.url()).toMatch(/^chrome-error:/);

  const [posted] = await Promise.all([
    page.waitForResponse((response) => response.url() === target),
    page.evaluate('document.forms[0].submit()'),
  ]);
  expect(posted.status()).toBe(403);
  expect((await posted.request().allHeaders())['cookie']).toContain('__Host-');
  const body = JSON.stringify({ scope: 'full', cid: server.world.cid });
  const outcome = await page.evaluate(`
    Promise.allSettled(['cors', 'no-cors'].map((mode) =>
      fetch('${target}', { method: 'POST', mode, credentials: 'include', body: '${body}' })
        .then((response) => response.type + response.status)))
      .then((all) => all.map(({ status, value }) => value ?? status))`);
  expect(outcome).toEqual(['rejected', 'opaque0']);
  expect(
    await page.evaluate(
      `fetch('${server.url}/console/api/users', { credentials: 'include' }).then(() => 'read', () => 'refused')`,
    ),
  ).toBe('refused');
  const { console_session: _, ...rest } = await everything(server.store.reader);
  const { console_session: __, ...unchanged } = before;
  expect(rest).toEqual(unchanged);
});
