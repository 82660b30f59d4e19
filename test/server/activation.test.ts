import { describe, expect, test } from 'vitest';
import { derivePid } from '#core/catalog.ts';
import { newId } from '#core/ids.ts';
import { verifyTrail } from '../../server-stub/store/audit.ts';
import { ENGINES, endClusterAfterAll } from '../support/engines.ts';
import { TestServer } from '../support/server.ts';
import { VIDEO_SKU } from '../support/world.ts';

endClusterAfterAll();

describe.each(ENGINES)('activation through the OpenAPI, store in %s', (engine) => {
  test('an activated LicenseKey gets a license for one year from now, and detail finds it by both names', async () => {
    const server = await TestServer.start({ engine });
    const { status, body } = await server.activate('SN-1');
    expect(status).toBe(200);
    expect(body).toEqual({
      code: 200,
      data: {
        pid: server.world.purchase.pid,
        license: expect.stringMatching(/^[0-9A-F]{32}$/),
        licenseKey: 'SN-1',
        activationTime: server.clock.time,
        expireTime: server.clock.time + 365 * 86_400,
        skuView: { product: 1, name: 'RTC', mediaType: 3, minutes: 0, period: '00:00~23:59' },
      },
    });
    for (const key of ['SN-1', body.data.license]) {
      const query = new URLSearchParams({ appid: server.world.appId, key });
      expect((await server.call('GET', `/dabiz/license/v1/detail?${query}`)).body).toEqual(body);
    }
  });

  test('of several licenses of a LicenseKey in one second, detail finds the one activated last', async () => {
    const trial = { unit: 'month', count: 3 } as const;
    const trialPid = derivePid(VIDEO_SKU, trial, 'device');
    const server = await TestServer.start({
      engine,
      lines: ({ purchase }) => [
        purchase,
        { ...purchase, termsId: newId(), pid: trialPid, validity: { ...trial } },
      ],
    });
    for (const [key, pids] of [
      ['SN-1', [server.world.purchase.pid, trialPid]],
      ['SN-2', [trialPid, server.world.purchase.pid]],
    ] as const) {
      for (const pid of pids) await server.activate(key, { pid });
      expect((await server.detail(key)).body.data.pid).toBe(pids[1]);
    }
  });

  test('1,000 activations at once with 100 licenses left: exactly 100 succeed, store and audit trail agree', async () => {
    const server = await TestServer.start({ engine });
    const answers = await Promise.all(
      Array.from({ length: 1000 }, (_, index) => server.activate(`SN-${index}`)),
    );
    const succeeded = answers.filter(({ status }) => status === 200);
    const denied = answers.filter(({ status, body }) => status === 400 && body.error === 'quota_exhausted');
    expect([succeeded.length, denied.length]).toEqual([100, 900]);

    const { reader } = server.store;
    const licenses = await reader.selectFrom('license').select('license').execute();
    expect(new Set(licenses.map(({ license }) => license))).toEqual(
      new Set(succeeded.map(({ body }) => body.data.license)),
    );
    const [quota] = await reader.selectFrom('quota').selectAll().execute();
    expect([quota?.granted, quota?.used]).toEqual([100, 100]);
    const audited = await reader
      .selectFrom('audit')
      .select('subject')
      .where('action', '=', 'license.activate')
      .execute();
    expect(new Set(audited.map(({ subject }) => subject))).toEqual(
      new Set(licenses.map(({ license }) => license)),
    );
    expect(audited).toHaveLength(100);
    expect((await verifyTrail(reader, server.world.cid)).brokenAt).toBeUndefined();
  });

  test('one LicenseKey sent 50 times at once costs one license', async () => {
    const server = await TestServer.start({ engine });
    const answers = await Promise.all(Array.from({ length: 50 }, () => server.activate('SN-1')));
    expect(new Set(answers.map(({ body }) => body.data.license)).size).toBe(1);
    const [quota] = await server.store.reader.selectFrom('quota').select('used').execute();
    expect(quota?.used).toBe(1);
  });
});
