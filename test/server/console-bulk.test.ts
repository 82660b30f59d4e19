import { parse } from 'csv-parse/sync';
import { describe, expect, test } from 'vitest';
import { verifyTrail } from '../../server-stub/store/audit.ts';
import { ConsoleClient } from '../support/console-client.ts';
import { ENGINES, endClusterAfterAll } from '../support/engines.ts';
import { secondCompany } from '../support/second-company.ts';
import { TestServer } from '../support/server.ts';

endClusterAfterAll();

/** Ten licenses, and what an operator sees of a bulk change once it stands still. */
async function tenLicenses(engine: (typeof ENGINES)[number]) {
  const server = await TestServer.start({ engine });
  const operator = await ConsoleClient.signedIn(server, { name: 'op', role: 'operator' });
  for (let count = 0; count < 10; count += 1) await server.activate(`SN-${count}`);
  const settled = async (id: string) => {
    await expect
      .poll(async () => (await operator.get(`/bulk-changes/${id}`)).body.bulk.state)
      .not.toMatch(/gathering|running/);
    return (await operator.get(`/bulk-changes/${id}`)).body;
  };
  const gathered = async (wish: object) => {
    const { status, body } = await operator.post('/bulk-changes', wish);
    expect([status, body.state]).toEqual([201, 'gathering']);
    return settled(body.bulkId);
  };
  const carriedOut = async (wish: object) => {
    const { bulk } = await gathered(wish);
    expect(bulk.state).toBe('ready');
    expect((await operator.post(`/bulk-changes/${bulk.bulkId}/start`)).status).toBe(200);
    return settled(bulk.bulkId);
  };
  const states = async () => {
    const rows = await server.store.reader.selectFrom('license').select(['license_key', 'state']).execute();
    return Object.fromEntries(rows.map(({ license_key, state }) => [license_key, state]));
  };
  return { server, operator, gathered, carriedOut, states };
}

describe.each(ENGINES)('many licenses at once, store in %s', (engine) => {
  test('a filter is gathered, told in numbers, carried out when a person says so, and undone', async () => {
    const { server, operator, gathered, carriedOut, states } = await tenLicenses(engine);
    const { bulk } = await gathered({ verb: 'suspend', filter: { key: 'SN-' } });
    expect(bulk).toMatchObject({ state: 'ready', fits: 10, same: 0, refused: 0, changed: 0 });
    // Nothing happens until it is started.
    expect(Object.values(await states())).toEqual(Array(10).fill('active'));
    expect((await operator.post(`/bulk-changes/${bulk.bulkId}/cancel`)).body.state).toBe('cancelled');
    expect((await operator.post(`/bulk-changes/${bulk.bulkId}/start`)).body.error).toBe(
      'bulk_change_not_ready',
    );

    await carriedOut({ verb: 'suspend', filter: { key: 'SN-3' } });
    const all = await carriedOut({ verb: 'suspend', filter: {} });
    expect(all.bulk).toMatchObject({ state: 'ended', fits: 0, same: 1, changed: 9, undo: 'resume' });
    expect(Object.values(await states())).toEqual(Array(10).fill('suspended'));
    const undone = await carriedOut({ undoOf: all.bulk.bulkId });
    expect(undone.bulk).toMatchObject({ verb: 'resume', changed: 9 });
    // The one that was suspended before stays so.
    expect(Object.entries(await states()).filter(([, state]) => state === 'suspended')).toEqual([
      ['SN-3', 'suspended'],
    ]);
    const { cid } = server.world;
    const rows = await server.store.reader.selectFrom('audit').selectAll().execute();
    expect(rows.filter(({ action }) => action === 'license.suspend')).toHaveLength(10);
    expect(rows.filter(({ actor }) => actor === 'user:op').length).toBeGreaterThanOrEqual(19);
    expect((await verifyTrail(server.store.reader, cid)).brokenAt).toBeUndefined();
  });

  test('a list names licenses with what shall become of each; what cannot be is told by name', async () => {
    const { operator, server, carriedOut } = await tenLicenses(engine);
    const text = 'license,label,group\nSN-1,"=1+1",三年级\nSN-2,x,\nGONE,y,z\n';
    const { bulk, troubles } = await carriedOut({ verb: 'label', list: { name: 'rooms.csv', text } });
    expect(bulk).toMatchObject({ changed: 2, refused: 1, failed: 0 });
    expect(troubles).toEqual([{ name: 'GONE', problem: '许可证不存在' }]);
    const named = () =>
      server.store.reader
        .selectFrom('license')
        .select(['license_key', 'label', 'group_name'])
        .where('license_key', 'in', ['SN-1', 'SN-2'])
        .orderBy('license_key')
        .execute();
    expect(await named()).toEqual([
      { license_key: 'SN-1', label: '=1+1', group_name: '三年级' },
      { license_key: 'SN-2', label: 'x', group_name: '' },
    ]);
    const report = await operator.get(`/bulk-changes/${bulk.bulkId}/report.csv`);
    expect(report.headers.get('content-type')).toBe('text/csv; charset=utf-8');
    expect(report.body.startsWith('\ufeff')).toBe(true);
    expect(parse(report.body, { bom: true }).map(([name]: string[]) => name)).toEqual([
      'license',
      'SN-1',
      'SN-2',
      'GONE',
    ]);
    await carriedOut({ undoOf: bulk.bulkId });
    expect((await named()).map(({ label, group_name }) => label + group_name)).toEqual(['', '']);
  });

  test('what becomes impossible between the look and the change is told, and the others are done', async () => {
    const { operator, server, gathered } = await tenLicenses(engine);
    const text = `license,toLicenseKey\nSN-1,NEW-1\nSN-2,NEW-2\n`;
    const { bulk } = await gathered({ verb: 'transfer', list: { name: 'moves.csv', text } });
    expect(bulk).toMatchObject({ fits: 2 });
    await server.activate('NEW-1');
    await operator.post(`/bulk-changes/${bulk.bulkId}/start`);
    await expect
      .poll(async () => (await operator.get(`/bulk-changes/${bulk.bulkId}`)).body.bulk)
      .toMatchObject({ state: 'ended', changed: 1, failed: 1, undo: null });
    const { troubles } = (await operator.get(`/bulk-changes/${bulk.bulkId}`)).body;
    expect(troubles).toMatchObject([{ name: 'SN-1' }]);
  });

  test('a license stands once in a list of renewals', async () => {
    const { gathered, server } = await tenLicenses(engine);
    const { renewId } = server.world.renewal;
    const list = { name: 'r.csv', text: 'license\nSN-1\nSN-1\nSN-2\n' };
    const { bulk, troubles } = await gathered({ verb: 'renew', renewId, list });
    expect(bulk).toMatchObject({ fits: 2, refused: 1 });
    expect(troubles).toMatchObject([{ name: 'SN-1' }]);
  });

  test('what a stop of the server interrupts goes on at the next start', async () => {
    const { server, operator, gathered } = await tenLicenses(engine);
    const { bulk } = await gathered({ verb: 'suspend', filter: {} });
    const id = bulk.bulkId;
    await server.store.write(server.clock.now(), ({ db }) =>
      db.updateTable('bulk_change').set({ state: 'running', place: '' }).where('bulk_id', '=', id).execute(),
    );
    await server.stop();
    const again = await TestServer.start({ folder: server.folder });
    await expect
      .poll(() =>
        again.store.reader
          .selectFrom('bulk_change')
          .select(['state', 'changed'])
          .where('bulk_id', '=', id)
          .executeTakeFirst(),
      )
      .toEqual({ state: 'ended', changed: 10 });
    expect(operator.cookie).toBeDefined();
  });

  test('whoever runs one company changes nothing of another, and does not see its bulk changes', async () => {
    const { server, gathered } = await tenLicenses(engine);
    const other = await secondCompany(server);
    const stranger = await ConsoleClient.signedIn(server, { name: 'st', role: 'operator', cid: other.cid });
    const { bulk } = await gathered({ verb: 'suspend', filter: {} });
    for (const path of ['', '/report.csv'])
      expect((await stranger.get(`/bulk-changes/${bulk.bulkId}${path}`)).body.error).toBe(
        'unknown_bulk_change',
      );
    for (const verb of ['start', 'cancel'])
      expect((await stranger.post(`/bulk-changes/${bulk.bulkId}/${verb}`)).body.error).toBe(
        'unknown_bulk_change',
      );
    expect((await stranger.get('/bulk-changes')).body.bulkChanges).toEqual([]);
    const mine = async (wish: object) => {
      const { bulkId } = (await stranger.post('/bulk-changes', wish)).body;
      await expect
        .poll(async () => (await stranger.get(`/bulk-changes/${bulkId}`)).body.bulk.state)
        .toBe('ready');
      return (await stranger.get(`/bulk-changes/${bulkId}`)).body.bulk;
    };
    expect(await mine({ verb: 'suspend', filter: {} })).toMatchObject({ fits: 0 });
    const list = { name: 'a.csv', text: 'license\nSN-1\n' };
    expect(await mine({ verb: 'release', list })).toMatchObject({ fits: 0, refused: 1 });
    expect(
      (await stranger.post('/bulk-changes', { verb: 'suspend', filter: { cid: server.world.cid } })).body
        .error,
    ).toBe('unknown_company');
  });
});

test.each([
  [{ verb: 'suspend' }, 'parameter_invalid'],
  [{ verb: 'suspend', filter: {}, list: { name: 'a', text: 'license\nX\n' } }, 'parameter_invalid'],
  [{ verb: 'transfer', filter: {} }, 'parameter_invalid'],
  [{ verb: 'label', filter: {} }, 'parameter_invalid'],
  [{ verb: 'suspend', list: { name: 'a.csv', text: 'name\nX\n' } }, 'license_file_malformed'],
  [{ verb: 'explode', filter: {} }, 'parameter_invalid'],
  [{ undoOf: '0'.repeat(32) }, 'unknown_bulk_change'],
])('%j is refused: %s', async (wish, error) => {
  const server = await TestServer.start();
  const operator = await ConsoleClient.signedIn(server, { name: 'op', role: 'operator' });
  expect((await operator.post('/bulk-changes', wish)).body.error).toBe(error);
});
