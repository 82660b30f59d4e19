import { describe, expect, test } from 'vitest';
import { newId } from '#core/ids.ts';
import { exportPreauthorizations } from '../../../server-stub/licensing/preauthorization/export-preauthorizations.ts';
import { purgePreauthorizations } from '../../../server-stub/licensing/preauthorization/purge-preauthorizations.ts';
import { verifyTrail } from '../../../server-stub/store/audit.ts';
import { TestDevice } from '../../support/device.ts';
import { ENGINES, endClusterAfterAll } from '../../support/engines.ts';
import { secondCompany } from '../../support/second-company.ts';
import { TestServer } from '../../support/server.ts';
import { exported, manyLicenseKeys, upload } from '../../support/upload.ts';

endClusterAfterAll();

const ENGLISH = { 'accept-language': 'en' };

/** The calls of preauthorization, as a back office makes them. */
function padsOf(server: TestServer, appid = server.world.appId) {
  const query = (more: object) => new URLSearchParams({ appid, ...more }).toString();
  const base = '/dabiz/license/v1';
  return {
    switch: (headers = {}) => server.call('POST', `${base}/vendor/pad/switch?${query({})}`, headers),
    add: (licenseKey: string, headers = {}) =>
      server.call('POST', `${base}/pad/add?${query({ licenseKey })}`, headers),
    delete: (ids: unknown, headers = {}) => server.post(`${base}/pad/delete?${query({})}`, { ids }, headers),
    clear: () => server.call('POST', `${base}/pad/clear?${query({})}`),
    search: (licenseKey: string) => server.call('GET', `${base}/pads/search?${query({ licenseKey })}`),
    page: async (page: number, size: number) => {
      const { body } = await server.call('GET', `${base}/pads?${query({ page, size })}`);
      return body.data as unknown as { count: number; list: { id: number; licenseKey: string }[] };
    },
    keys: async (page: number, size: number) =>
      (await padsOf(server, appid).page(page, size)).list.map(({ licenseKey }) => licenseKey),
    export: () => exported(server, appid),
  };
}

const auditOf = async ({ store }: TestServer) =>
  (await store.reader.selectFrom('audit').selectAll().orderBy('seq').execute())
    .filter(({ action }) => action.startsWith('preauthorization.'))
    .map(({ action, actor, detail }) => ({ action, actor, detail: JSON.parse(detail) }));

describe.each(ENGINES)('preauthorization, store in %s', (engine) => {
  test('each call of the switch flips it, in the words of the contract', async () => {
    const server = await TestServer.start({ engine });
    const pads = padsOf(server);
    const answers = [await pads.switch(), await pads.switch(), await pads.switch(ENGLISH)];
    expect(answers.map(({ body }) => body)).toEqual([
      { code: 200, message: '配置成功！', data: { enabled: true } },
      { code: 200, message: '配置成功！', data: { enabled: false } },
      { code: 200, message: 'preauthorization is on', data: { enabled: true } },
    ]);
    const together = await Promise.all(Array.from({ length: 7 }, () => pads.switch()));
    expect(
      together.filter(({ body }) => (body.data as unknown as { enabled: boolean }).enabled),
    ).toHaveLength(3);
    expect((await auditOf(server)).length).toBe(10);
    expect((await verifyTrail(server.store.reader, server.world.cid)).brokenAt).toBeUndefined();
  });

  test('on, only listed LicenseKeys of this App may activate; what is active stays', async () => {
    const server = await TestServer.start({ engine });
    const pads = padsOf(server);
    const { otherAppId } = server.world;
    expect((await server.activate('SN-before')).status).toBe(200);
    await pads.switch();
    expect((await server.activate('SN-1')).body).toMatchObject({
      code: 400,
      error: 'not_preauthorized',
      message: '该 LicenseKey 未预授权',
    });
    expect((await server.activate('SN-before')).status).toBe(200);
    expect((await server.activate('SN-1', { appId: otherAppId })).status).toBe(200);
    const [quota] = await server.store.reader.selectFrom('quota').select('used').execute();
    expect(quota?.used).toBe(2);

    await pads.add('SN-1');
    const first = await server.activate('SN-1');
    expect(first.status).toBe(200);
    // Case matters, and one App's list is not another's.
    expect((await server.activate('sn-1')).body.error).toBe('not_preauthorized');
    await pads.delete(['SN-1']);
    expect((await server.activate('SN-1')).body.data.license).toBe(first.body.data.license);
    expect((await server.detail('SN-1')).status).toBe(200);
    await pads.switch();
    expect((await server.activate('SN-2')).status).toBe(200);
  });

  test('a device whose LicenseKey is not listed is denied, and activates once it is', async () => {
    const server = await TestServer.start({ engine });
    const pads = padsOf(server);
    const device = new TestDevice(server, await server.enrollment(), 'SN-1');
    await pads.switch();
    expect(await device.ask()).toMatchObject({ kind: 'denial', denial: { code: 'not_preauthorized' } });
    await pads.add('SN-1');
    expect((await device.ask()).kind).toBe('token');
    await pads.delete(['SN-1']);
    expect((await device.ask({ purpose: 'refresh' })).kind).toBe('token');
  });

  test('in one batch each App keeps to its own list', async () => {
    const server = await TestServer.start({ engine });
    const pads = padsOf(server);
    await pads.switch();
    await pads.add('SN-1');
    const { appId, otherAppId } = server.world;
    const answers = await Promise.all(
      [appId, otherAppId].flatMap((app) =>
        ['SN-1', 'SN-2'].map((key) => server.activate(key, { appId: app })),
      ),
    );
    expect(answers.map(({ body }) => body.error ?? 'ok')).toEqual(['ok', 'not_preauthorized', 'ok', 'ok']);
  });

  test('add, search, list newest first, delete by text and number, clear', async () => {
    const server = await TestServer.start({ engine });
    const pads = padsOf(server);
    expect((await pads.search('SN-1')).body).toEqual({ code: 200, data: [] });
    expect(await pads.page(1, 20)).toEqual({ count: 0, list: [] });
    expect(await pads.export()).toBe('');
    for (const key of ['SN-1', '0012', '12', '序列-号', 'a b']) await pads.add(key);
    expect((await pads.add('SN-1')).body).toEqual({ code: 200, message: '增加单个预授权成功' });

    const found = {
      id: 1,
      cid: 717_241,
      vid: 975_820,
      licenseKey: 'SN-1',
      createTime: '2026-03-01 08:00:00',
    };
    expect((await pads.search('SN-1')).body).toEqual({ code: 200, data: [found] });
    expect((await pads.search('sn-1')).body.data).toEqual([]);
    expect(await pads.page(1, 2)).toMatchObject({
      count: 5,
      list: [{ licenseKey: 'a b' }, { licenseKey: '序列-号' }],
    });
    expect(await pads.keys(3, 2)).toEqual(['SN-1']);
    expect(await pads.page(4, 2)).toEqual({ count: 5, list: [] });
    expect(await pads.export()).toBe('SN-1\n0012\n12\n序列-号\na b\n');

    expect((await pads.delete([12, 'SN-1', 'SN-none'])).body).toEqual({
      code: 200,
      message: '删除预授权成功',
      data: { deleted: 2 },
    });
    expect(await pads.export()).toBe('0012\n序列-号\na b\n');
    expect((await pads.clear()).body).toEqual({ code: 200, message: '清空预授权成功', data: { cleared: 3 } });
    expect(await pads.page(1, 20)).toEqual({ count: 0, list: [] });
    // An id never means two LicenseKeys of one App.
    await pads.add('SN-9');
    expect((await pads.page(1, 1)).list[0]?.id).toBe(6);
    expect(
      (await auditOf(server)).map(({ action, detail }) => [action, detail.licenseKey ?? detail.count]),
    ).toEqual([
      ...['SN-1', '0012', '12', '序列-号', 'a b'].map((key) => ['preauthorization.add', key]),
      ['preauthorization.delete', 2],
      ['preauthorization.clear', 3],
      ['preauthorization.add', 'SN-9'],
    ]);
  });

  test('a clear leaves the switch as it is', async () => {
    const server = await TestServer.start({ engine });
    const pads = padsOf(server);
    await pads.add('SN-1');
    await pads.switch();
    await pads.clear();
    expect((await server.activate('SN-1')).body.error).toBe('not_preauthorized');
    expect((await pads.clear()).body.data).toEqual({ cleared: 0 });
  });

  test('ids that are none are refused, and nothing is deleted', async () => {
    const server = await TestServer.start({ engine });
    const pads = padsOf(server);
    await pads.add('SN-1');
    for (const ids of [
      undefined,
      [],
      'SN-1',
      [null],
      [1.5],
      [1e21],
      [['SN-1']],
      ['SN-1', ''],
      Array(1001).fill('x'),
    ])
      expect((await pads.delete(ids)).status).toBe(400);
    expect((await pads.delete(['SN-1', 'a\u0007'])).body.error).toBe('license_key_invalid');
    expect(await pads.export()).toBe('SN-1\n');
  });

  test('fifty adds of one LicenseKey at once are one; adds, deletions and clears at once keep the count', async () => {
    const server = await TestServer.start({ engine });
    const pads = padsOf(server);
    await Promise.all(Array.from({ length: 50 }, () => pads.add('SN-1')));
    expect((await pads.page(1, 20)).count).toBe(1);
    await Promise.all(
      Array.from({ length: 120 }, (_, index) => {
        if (index % 40 === 39) return pads.clear();
        return index % 3 === 2
          ? pads.delete([`SN-${index - 1}`, `SN-${index - 2}`])
          : pads.add(`SN-${index}`);
      }),
    );
    const { count } = await pads.page(1, 1000);
    expect((await pads.export()).split('\n').filter(Boolean)).toHaveLength(count);
    expect((await pads.keys(1, 1000)).toReversed().join('\n')).toBe((await pads.export()).trimEnd());
  });

  test('an Idempotency-Key makes a toggle safe to repeat', async () => {
    const server = await TestServer.start({ engine });
    const pads = padsOf(server);
    const key = { 'idempotency-key': newId() };
    const first = await pads.switch(key);
    expect((await pads.switch(key)).body).toEqual(first.body);
    expect((await pads.switch()).body.data).toEqual({ enabled: false });
  });

  test('the App of another company is unknown to every call', async () => {
    const server = await TestServer.start({ engine });
    const { appId } = await secondCompany(server);
    const pads = padsOf(server, appId);
    const answers = [
      await pads.switch(),
      await pads.add('SN-1'),
      await pads.delete(['SN-1']),
      await pads.clear(),
      await pads.search('SN-1'),
      await server.call('GET', `/dabiz/license/v2/pads?appid=${appId}`),
      await server.call('GET', `/dabiz/license/v2/pads/export?appid=${appId}`),
      await server.call('GET', `/dabiz/license/v2/pad/uploads?appid=${appId}`),
      await upload(server, appId, 'SN-1\n'),
    ];
    expect(answers.map(({ body }) => body.error)).toEqual(answers.map(() => 'unknown_app'));
  });

  test('every page of a list with holes is where it belongs, and the pages together are the list', async () => {
    const server = await TestServer.start({ engine });
    const pads = padsOf(server);
    const keys = manyLicenseKeys(5_230).trimEnd().split('\n');
    await upload(server, server.world.appId, keys.join('\n'));
    const gone = keys.filter(
      (_, index) => (index >= 1_900 && index < 4_100) || index % 7 === 0 || index > 5_220,
    );
    for (let from = 0; from < gone.length; from += 1000) await pads.delete(gone.slice(from, from + 1000));
    const left = keys.filter((key) => !new Set(gone).has(key)).toReversed();

    for (const size of [97, 333, 1000]) {
      const pages = Math.ceil(left.length / size);
      const all: string[] = [];
      for (let page = 1; page <= pages; page += 1) all.push(...(await pads.keys(page, size)));
      expect(all).toEqual(left);
      expect(await pads.page(pages + 1, size)).toEqual({ count: left.length, list: [] });
    }
    expect(await pads.export()).toBe(`${left.toReversed().join('\n')}\n`);
  });

  test('an export is the list as it stood when it began, whatever is added meanwhile, even after a clear', async () => {
    const server = await TestServer.start({ engine });
    const pads = padsOf(server);
    const content = manyLicenseKeys(12_000);
    await upload(server, server.world.appId, content);
    const pieces = exportPreauthorizations(server.store.reader, 1);
    const first = await pieces.next();
    await pads.add('SN-later');
    await pads.clear();
    let text = `${(first.value as string[]).join('\n')}\n`;
    for await (const piece of pieces) text += `${piece.join('\n')}\n`;
    expect(text === content).toBe(true);
  });

  test('what was cleared is purged an hour later, in pieces, and nothing else', async () => {
    const server = await TestServer.start({ engine });
    const pads = padsOf(server);
    await upload(server, server.world.appId, manyLicenseKeys(1_700));
    await pads.clear();
    await pads.add('SN-1');
    const rows = async () =>
      Number(
        (
          await server.store.reader
            .selectFrom('preauthorization')
            .select(({ fn }) => fn.countAll<number>().as('count'))
            .executeTakeFirst()
        )?.count,
      );
    const purge = () =>
      purgePreauthorizations(server.store, server.clock.now(), new AbortController().signal);
    await purge();
    expect(await rows()).toBe(1_701);
    server.clock.time += 3_700;
    await purge();
    expect(await rows()).toBe(1);
    expect(await pads.export()).toBe('SN-1\n');
    const lists = await server.store.reader
      .selectFrom('preauthorization_list')
      .select(['cleared_at', 'purged'])
      .orderBy('list')
      .execute();
    expect(lists.map(({ cleared_at, purged }) => [cleared_at !== null, purged])).toEqual([
      [true, 1],
      [false, 0],
    ]);
  });
});
