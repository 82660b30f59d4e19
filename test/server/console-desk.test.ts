import { expect, test } from 'vitest';
import type { Enrollment } from '#core/documents/enrollment.ts';
import { ConsoleClient } from '../support/console-client.ts';
import { TestDevice } from '../support/device.ts';
import { secondCompany } from '../support/second-company.ts';
import { TestServer } from '../support/server.ts';

async function withDesk() {
  const server = await TestServer.start({
    env: { LICENSE_SERVER_PUBLIC_URLS: 'https://license.example' },
  });
  const operator = await ConsoleClient.signedIn(server, { name: 'op', role: 'operator' });
  const { appId, purchase } = server.world;
  const wish = { pid: purchase.pid, maxActivations: 10, days: 30 };
  const enrollment: Enrollment = (await operator.post(`/apps/${appId}/enrollments`, wish)).body;
  return { server, operator, enrollment };
}

test('requests that a file or a QR code brings are answered, each by itself', async () => {
  const { server, operator, enrollment } = await withDesk();
  const [one, two] = [new TestDevice(server, enrollment, 'SN-1'), new TestDevice(server, enrollment, 'SN-2')];
  const requests = [await one.request(), await two.request({ purpose: 'refresh' })];
  const text = JSON.stringify({ version: 1, licenseRequests: requests });
  const { status, body } = await operator.post('/desk', { name: 'r.json', text });
  expect([status, body.requests]).toMatchObject([
    200,
    [
      { licenseKey: 'SN-1', purpose: 'activate', given: true, outcome: 'token' },
      { licenseKey: 'SN-2', purpose: 'refresh', given: false, message: expect.stringMatching(/./) },
    ],
  ]);
  expect(body.answer).toMatchObject({ version: 1, answers: [{ document: expect.any(String) }, {}] });
  await one.verify(body.answer.answers[0]);
  // The same again gets the same and costs nothing.
  const again = await operator.post('/desk', { name: 'r.json', text });
  expect(again.body.answer.answers[0]).toEqual(body.answer.answers[0]);
  // A QR code holds one request by itself.
  const three = new TestDevice(server, enrollment, 'SN-3');
  const qr = await operator.post('/desk', { name: 'QR', text: await three.request() });
  expect(qr.body.requests).toMatchObject([{ licenseKey: 'SN-3', given: true }]);
  const { used } = await server.store.reader
    .selectFrom('quota')
    .select('used')
    .where('app_id', '=', '')
    .executeTakeFirstOrThrow();
  expect(used).toBe(2);
  for (const text of ['nonsense', '{}', '[]'])
    expect((await operator.post('/desk', { name: 'x', text })).body.error).toBe('document_malformed');
});

test('whoever runs one company answers no device of another', async () => {
  const { server, enrollment } = await withDesk();
  const other = await secondCompany(server);
  const stranger = await ConsoleClient.signedIn(server, { name: 'st', role: 'operator', cid: other.cid });
  const text = await new TestDevice(server, enrollment, 'SN-1').request();
  const { body } = await stranger.post('/desk', { name: 'QR', text });
  expect(body.requests).toMatchObject([{ given: false, outcome: 'unknown_app' }]);
  expect(await server.store.reader.selectFrom('license').selectAll().execute()).toEqual([]);
});
