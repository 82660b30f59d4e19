import fastify from 'fastify';
import { describe, expect, onTestFinished, test } from 'vitest';
import { consoleRoutes } from '../../server-stub/http/console/console-routes.ts';
import type { Services } from '../../server-stub/http/services.ts';
import { ConsoleClient, FIRST_PASSWORD } from '../support/console-client.ts';
import { TestDevice } from '../support/device.ts';
import { everything } from '../support/everything.ts';
import { secondCompany } from '../support/second-company.ts';
import { TestServer } from '../support/server.ts';

/** Two companies on one server, and what the first has. */
async function twoCompanies() {
  const server = await TestServer.start();
  const { world, store } = server;
  const other = await secondCompany(server);
  const admin = await ConsoleClient.signedIn(server);
  await server.activate('SN-OURS');
  const { license } = await store.reader.selectFrom('license').select('license').executeTakeFirstOrThrow();
  const bulk = await admin.post('/bulk-changes', {
    verb: 'suspend',
    filter: { cid: world.cid, key: 'SN-OURS' },
  });
  await expect
    .poll(async () => (await admin.get(`/bulk-changes/${bulk.body.bulkId}`)).body.bulk.state)
    .toBe('ready');
  const enrollment = await server.enrollment();
  const ids = {
    ...{ cid: world.cid, appId: world.appId, pid: world.purchase.pid, renewId: world.renewal.renewId },
    ...{ license, licenseKey: 'SN-OURS', bulkId: bulk.body.bulkId as string },
    ...{ enrollmentId: enrollment.enrollment.id, customerId: server.folder.credential.customerId },
    ...{ request: await new TestDevice(server, enrollment, 'SN-DESK').request({ purpose: 'activate' }) },
    ...{ grant: await world.grant(), otherCid: other.cid },
  };
  /** All rows of all tables, but where people are signed in. */
  const rows = async (): Promise<string[]> => {
    const { console_session: _, ...tables } = await everything(store.reader);
    return Object.entries(tables).flatMap(([name, found]) => found.map((row) => `${name} ${row}`));
  };
  return { server, admin, ids, rows };
}
type Ids = Awaited<ReturnType<typeof twoCompanies>>['ids'];

/** What a call sends that would be carried out if its sender might. */
interface Call {
  /** The least role that is to be enough, by the issue and not by what the code says. */
  readonly for: 'viewer' | 'operator' | 'admin' | 'oneself';
  readonly query?: (ids: Ids) => string;
  readonly body?: (ids: Ids) => object | string;
}

const ofCompany = { query: ({ cid }: Ids) => `cid=${cid}` };
const keys = { body: () => ({ licenseKeys: ['SN-NEW'] }) };

/** Every call that the Console's pages can make. */
const CALLS: Readonly<Record<string, Call>> = {
  'POST /session': { for: 'oneself', body: () => ({ name: 'nobody', password: 'x' }) },
  'GET /session': { for: 'oneself' },
  'DELETE /session': { for: 'oneself' },
  'PUT /session/password': { for: 'oneself', body: () => ({ present: 'x', next: 'four other words then' }) },
  'GET /session/second-factor': { for: 'oneself' },
  'PUT /session/second-factor': { for: 'oneself', body: () => ({ password: 'x' }) },
  'GET /users': { for: 'admin' },
  'POST /users': { for: 'admin', body: () => ({ name: 'new', role: 'admin', cid: null }) },
  'PATCH /users/:name': { for: 'admin', body: () => ({ role: 'admin', cid: null }) },
  'POST /users/:name/password': { for: 'admin', body: () => ({ withoutSecondFactor: true }) },
  'GET /overview': { for: 'viewer', ...ofCompany },
  'GET /usage': { for: 'viewer', ...ofCompany },
  'GET /purchases': { for: 'viewer', ...ofCompany },
  'POST /documents': { for: 'admin', body: ({ grant }) => ({ name: 'grant.jwt', text: grant }) },
  'GET /apps': { for: 'viewer', ...ofCompany },
  'PATCH /apps/:appId': { for: 'operator', body: () => ({ autoRenewDays: 30 }) },
  'POST /apps/:appId/seats': { for: 'operator', body: ({ pid }) => ({ pid, count: 5 }) },
  'GET /apps/:appId/allocations': { for: 'viewer' },
  'GET /apps/:appId/enrollments': { for: 'viewer' },
  'POST /apps/:appId/enrollments': {
    for: 'operator',
    body: ({ pid }) => ({ pid, maxActivations: 5, days: 5 }),
  },
  'DELETE /apps/:appId/enrollments/:id': { for: 'operator' },
  'GET /credentials': { for: 'admin', ...ofCompany },
  'POST /credentials': { for: 'admin', body: ({ cid }) => ({ cid, scope: 'full' }) },
  'POST /credentials/:customerId/rotation': { for: 'admin', body: () => ({ overlapHours: 0 }) },
  'DELETE /credentials/:customerId': { for: 'admin' },
  'GET /apps/:appId/preauthorization': { for: 'viewer' },
  'PUT /apps/:appId/preauthorization/switch': { for: 'operator', body: () => ({ enabled: true }) },
  'POST /apps/:appId/preauthorization/keys': { for: 'operator', ...keys },
  'POST /apps/:appId/preauthorization/deletions': { for: 'operator', ...keys },
  'DELETE /apps/:appId/preauthorization/keys': { for: 'operator' },
  'GET /apps/:appId/preauthorization/keys.txt': { for: 'viewer' },
  'GET /apps/:appId/preauthorization/uploads': { for: 'viewer' },
  'POST /apps/:appId/preauthorization/uploads': { for: 'operator', body: () => 'SN-UPLOADED\n' },
  'GET /licenses': { for: 'viewer', ...ofCompany },
  'GET /licenses.csv': { for: 'viewer', ...ofCompany },
  'GET /licenses/:license': { for: 'viewer' },
  'POST /licenses/:license/:verb': { for: 'operator', body: () => ({}) },
  'GET /bulk-changes': { for: 'viewer' },
  'GET /bulk-changes/:bulkId': { for: 'viewer' },
  'GET /bulk-changes/:bulkId/report.csv': { for: 'viewer' },
  'POST /bulk-changes': {
    for: 'operator',
    body: ({ licenseKey }) => ({
      verb: 'suspend',
      list: { name: 'a.csv', text: `license\n${licenseKey}\n` },
    }),
  },
  'POST /bulk-changes/:bulkId/start': { for: 'operator', body: () => ({}) },
  'POST /bulk-changes/:bulkId/cancel': { for: 'operator', body: () => ({}) },
  'POST /desk': {
    for: 'operator',
    body: ({ request }) => ({ name: 'request.json', text: request }),
  },
  'GET /audit': { for: 'viewer', ...ofCompany },
  'GET /audit.csv': { for: 'viewer', ...ofCompany },
  'GET /audit/check': { for: 'viewer', ...ofCompany },
  'POST /audit/check': { for: 'operator', body: ({ cid }) => ({ cid }) },
  'GET /settings': { for: 'admin' },
  'POST /channels/:channel/test': { for: 'admin', body: () => ({}) },
  'POST /channels/:channel/retry': { for: 'admin', body: () => ({}) },
  'GET /ca.pem': { for: 'viewer' },
  'GET /backup': { for: 'admin' },
};
const RANK = { oneself: 0, viewer: 0, operator: 1, admin: 2 };

/** Makes a call with the ids of the first company. */
function make(client: ConsoleClient, server: TestServer, name: string, ids: Ids) {
  const [method = '', path = ''] = name.split(' ');
  const { query, body } = CALLS[name] as Call;
  const values: Record<string, string> = { ...ids, id: ids.enrollmentId, verb: 'suspend', channel: 'mail' };
  const filled = path.replace(/:(\w+)/g, (_, part: string) => values[part] ?? 'admin');
  const content = body?.(ids);
  return client.send(method, filled + (query ? `?${query(ids)}` : ''), content, {
    origin: server.url,
    ...(typeof content === 'string' && { 'content-type': 'text/plain' }),
  });
}

test('every call of the Console is looked at here', async () => {
  const { store } = await TestServer.start();
  const app = fastify();
  onTestFinished(() => app.close());
  const served: string[] = [];
  app.addHook('onRoute', ({ method, url }) => {
    for (const each of [method].flat())
      if (each !== 'HEAD') served.push(`${each} ${url.replace('/console/api', '')}`);
  });
  await consoleRoutes(app, { store } as Services);
  expect(served.toSorted()).toEqual(Object.keys(CALLS).toSorted());
});

describe.each(['viewer', 'operator', 'admin'] as const)('a %s', (role) => {
  test('may call what is for the role, and changes nothing by the rest', async () => {
    const { server, ids, rows } = await twoCompanies();
    const client = await ConsoleClient.signedIn(server, { name: 'someone', role });
    for (const [name, { for: least }] of Object.entries(CALLS)) {
      if (least === 'oneself') continue;
      const mayCall = RANK[role] >= RANK[least];
      // What is allowed is looked at by the tests of each page.
      if (mayCall && !name.startsWith('GET ')) continue;
      const before = await rows();
      const { status, body } = await make(client, server, name, ids);
      const refused = { status: 403, error: 'role_insufficient' };
      if (mayCall) expect([name, status]).toEqual([name, expect.toBeOneOf([200, 404])]);
      else expect([name, { status, error: body.error }]).toEqual([name, refused]);
      // A backup is told of.
      if (name !== 'GET /backup') expect([name, await rows()]).toEqual([name, before]);
    }
  });
});

test('who is not signed in gets nothing by any call', async () => {
  const { server, ids, rows } = await twoCompanies();
  const before = await rows();
  for (const name of Object.keys(CALLS)) {
    if (['POST /session', 'DELETE /session'].includes(name)) continue;
    for (const cookie of [undefined, 'A'.repeat(43)]) {
      const client = new ConsoleClient(server);
      client.cookie = cookie;
      const { status, body } = await make(client, server, name, ids);
      expect([name, status, body.error]).toEqual([name, 401, 'session_ended']);
    }
  }
  expect(await rows()).toEqual(before);
});

test('who was let in and has not chosen a password yet can do that alone', async () => {
  const { server, ids, admin, rows } = await twoCompanies();
  const { password } = (await admin.post('/users', { name: 'young', role: 'admin', cid: null })).body;
  const young = new ConsoleClient(server);
  expect((await young.post('/session', { name: 'young', password })).body.mustChangePassword).toBe(true);
  const before = await rows();
  for (const [name, { for: least }] of Object.entries(CALLS))
    if (least !== 'oneself')
      expect([name, (await make(young, server, name, ids)).body.error]).toEqual([
        name,
        'password_change_required',
      ]);
  expect(await rows()).toEqual(before);
  expect((await young.put('/session/password', { present: password, next: FIRST_PASSWORD })).status).toBe(
    200,
  );
});

test('an operator of one company sees and changes nothing of another, by any call', async () => {
  const { server, ids, rows } = await twoCompanies();
  const { world } = server;
  const client = await ConsoleClient.signedIn(server, { name: 'zoe', role: 'operator', cid: ids.otherCid });
  const theirs = [
    ...[ids.cid, world.appId, world.otherAppId, ids.license, ids.licenseKey, ids.bulkId, 'SN-DESK'],
    ...[ids.enrollmentId, ids.customerId, world.purchase.termsId, world.renewal.termsId],
  ];
  const mentions = (text: string) => theirs.filter((id) => text.includes(id));
  const ofThem = async () => (await rows()).filter((row) => mentions(row).length > 0);
  const before = await ofThem();
  expect(before.length).toBeGreaterThan(10);
  for (const [name, { for: least }] of Object.entries(CALLS)) {
    if (least === 'oneself') continue;
    const { body } = await make(client, server, name, ids);
    // An error may say the id that was asked for, the desk what the request says; whatever there is to it stays unsaid.
    const asked = name === 'POST /desk' ? [world.appId, 'SN-DESK'] : [];
    const told = mentions(JSON.stringify(body)).filter((id) => !asked.includes(id));
    expect([name, typeof body?.error === 'string' ? [] : told]).toEqual([name, []]);
    if (name.startsWith('GET ') && !name.includes(':')) {
      const all = await client.get(name.slice('GET '.length));
      expect([name, mentions(JSON.stringify(all.body))]).toEqual([name, []]);
    }
  }
  // What names them in a call of Zoe's own is her bulk change, whose list she wrote herself.
  const after = (await ofThem()).filter((row) => !row.startsWith('bulk_item '));
  expect(after).toEqual(before.filter((row) => !row.startsWith('bulk_item ')));
  const license = await server.store.reader
    .selectFrom('license')
    .select('state')
    .where('license', '=', ids.license)
    .executeTakeFirst();
  expect(license).toEqual({ state: 'active' });
});
