import { expect } from 'vitest';
import type { TestServer } from '../support/server.ts';

/** Values by which a call is made: in the query string, in the JSON body, or in the path. */
export type Parameters = Readonly<Record<string, unknown>>;

/** One row of the contract's table of calls. */
export interface ContractCall {
  readonly number: number;
  readonly method: 'GET' | 'POST';
  /** Where it is served; `{appid}` is filled in. */
  readonly paths: readonly string[];
  /** The documented example. */
  example(server: TestServer): Parameters;
  /** Parameters of the JSON body; the others are in the query string or the path. */
  readonly inBody?: readonly string[];
  readonly optional?: readonly string[];
  /** What must be there before the example succeeds; called once for each path. */
  prepare?(server: TestServer, path: string): Promise<void>;
  /** The whole answer of the example; `message` in Chinese. */
  answer(server: TestServer, path: string): unknown;
  /** The same message for those who prefer English. */
  readonly englishMessage?: string;
  /** A multipart file instead of a body. */
  readonly file?: string;
  /** Values of the wrong type, by parameter. */
  readonly wrongType?: Parameters;
}

const versions = (path: string, first: 'v1' | 'v2' = 'v2') =>
  (first === 'v2' ? ['v2', 'v1'] : ['v1', 'v2']).map((version) => `/dabiz/license/${version}${path}`);

/** Documented example values. */
export const DOCUMENTED = {
  appid: 'a6d6dba434be4b6683fad1aba6a7f75e',
  cid: '717241',
  vid: '975820',
  activationTime: 1_663_743_436,
  expireTime: 1_695_279_436,
} as const;

const LICENSE = expect.stringMatching(/^[0-9A-F]{32}$/);
const TIME = expect.stringMatching(/^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}$/);

const licenseOf = ({ world }: TestServer, licenseKey: string) => ({
  pid: world.purchase.pid,
  license: LICENSE,
  licenseKey,
  activationTime: DOCUMENTED.activationTime,
  expireTime: DOCUMENTED.expireTime,
  skuView: { product: 1, name: 'RTC', mediaType: 3, minutes: 0, period: '00:00~23:59' },
});

const padOf = (licenseKey: string) => ({
  id: expect.any(Number),
  cid: expect.anything(),
  vid: expect.anything(),
  licenseKey,
  createTime: TIME,
});

/** A LicenseKey of its own for each path, so that both versions do the work and not the second one nothing. */
const keyAt = (path: string) => (path.includes('/v1/') ? 'device-v1' : 'device-v2');

const addPad = async (server: TestServer, licenseKey: string) => {
  const query = new URLSearchParams({ appid: server.world.appId, licenseKey });
  const { status } = await server.call('POST', `/dabiz/license/v2/pad/add?${query}`);
  expect(status).toBe(200);
};

/** Calls 1–15 of the contract, whole. */
export const CALLS: readonly ContractCall[] = [
  {
    number: 1,
    method: 'POST',
    paths: versions('/active'),
    example: ({ world }) => ({ pid: world.purchase.pid, licenseKey: 'device-1', appid: world.appId }),
    answer: (server) => ({ code: 200, data: licenseOf(server, 'device-1') }),
  },
  {
    number: 2,
    method: 'GET',
    paths: versions('/detail'),
    example: ({ world }) => ({ appid: world.appId, key: 'device-2' }),
    prepare: async (server) => void (await server.activate('device-2')),
    answer: (server) => ({ code: 200, data: licenseOf(server, 'device-2') }),
  },
  {
    number: 3,
    method: 'POST',
    paths: versions('/allocate'),
    inBody: ['pid', 'count', 'creator'],
    example: ({ world }) => ({ appid: world.appId, pid: world.purchase.pid, count: 5, creator: 'admin' }),
    answer: () => ({ code: 200, message: 'license配额成功' }),
    englishMessage: 'license allocated',
    wrongType: { count: 'many', pid: {}, creator: [] },
  },
  {
    number: 4,
    method: 'GET',
    paths: versions('/product/allocations'),
    example: ({ world }) => ({ appid: world.appId, pid: world.purchase.pid, page: '1', size: '10' }),
    optional: ['page', 'size', 'pid'],
    prepare: async (server, path) => {
      if (path.includes('/v1/')) return;
      const { appId, purchase } = server.world;
      const body = { pid: purchase.pid, count: 7, creator: 'admin' };
      const { status } = await server.post(`/dabiz/license/v2/allocate?appid=${appId}`, body);
      expect(status).toBe(200);
    },
    answer: ({ world }, path) => ({
      code: 200,
      data: {
        count: 1,
        list: [
          {
            pid: world.purchase.pid,
            type: 1,
            creator: 'admin',
            count: 7,
            createTime: TIME,
            ...(path.includes('/v1/') && { vid: expect.anything() }),
          },
        ],
      },
    }),
    wrongType: { page: 'first', size: '1.5' },
  },
  {
    number: 5,
    method: 'POST',
    paths: versions('/renew'),
    example: ({ world }) => ({ appid: world.appId, renewId: world.renewal.renewId, license: 'the-license' }),
    prepare: async (server, path) => void (await server.activate(keyAt(path))),
    answer: () => ({
      code: 200,
      message: 'license续期成功',
      data: { license: LICENSE, expireTime: 1_726_901_836 },
    }),
    englishMessage: 'license renewed',
  },
  {
    number: 6,
    method: 'POST',
    paths: versions('/vendor/pad/switch', 'v1'),
    example: ({ world }) => ({ appid: world.appId }),
    // Each call flips it: on by v1, off by v2.
    answer: (_server, path) => ({
      code: 200,
      message: '配置成功！',
      data: { enabled: path.includes('/v1/') },
    }),
  },
  {
    number: 7,
    method: 'POST',
    paths: versions('/pad/add', 'v1'),
    example: ({ world }) => ({ appid: world.appId, licenseKey: 'device-7' }),
    answer: () => ({ code: 200, message: '增加单个预授权成功' }),
  },
  {
    number: 8,
    method: 'POST',
    paths: versions('/pad/upload', 'v1'),
    example: ({ world }) => ({ appid: world.appId }),
    file: 'device-8a\ndevice-8b\n',
    answer: (_server, path) => ({
      code: 200,
      message: '预授权文件上传成功',
      data: expect.objectContaining(
        path.includes('/v1/')
          ? { added: 2, duplicates: 0, invalid: 0 }
          : { added: 0, duplicates: 2, invalid: 0 },
      ),
    }),
  },
  {
    number: 9,
    method: 'POST',
    paths: versions('/pad/delete', 'v1'),
    inBody: ['ids'],
    example: ({ world }) => ({ appid: world.appId, ids: ['device-9', 12345] }),
    prepare: async (server) => {
      await addPad(server, 'device-9');
      await addPad(server, '12345');
    },
    answer: () => expect.objectContaining({ code: 200, message: '删除预授权成功' }),
    wrongType: { ids: { a: 1 } },
  },
  {
    number: 10,
    method: 'POST',
    paths: versions('/pad/clear', 'v1'),
    example: ({ world }) => ({ appid: world.appId }),
    prepare: (server) => addPad(server, 'device-10'),
    answer: () => expect.objectContaining({ code: 200, message: '清空预授权成功' }),
  },
  {
    number: 11,
    method: 'GET',
    paths: versions('/pads/search', 'v1'),
    example: ({ world }) => ({ appid: world.appId, licenseKey: 'device-11' }),
    prepare: (server) => addPad(server, 'device-11'),
    answer: () => ({ code: 200, data: [padOf('device-11')] }),
  },
  {
    number: 12,
    method: 'GET',
    paths: versions('/pads', 'v1'),
    example: ({ world }) => ({ appid: world.appId, page: '1', size: '2' }),
    optional: ['page', 'size'],
    prepare: async (server) => {
      for (const key of ['device-12a', 'device-12b', 'device-12c']) await addPad(server, key);
    },
    answer: () => ({ code: 200, data: { count: 3, list: [padOf('device-12c'), padOf('device-12b')] } }),
    wrongType: { page: 'first', size: 'all' },
  },
  {
    number: 13,
    method: 'GET',
    paths: versions('/pads/export', 'v1'),
    example: ({ world }) => ({ appid: world.appId }),
    prepare: (server) => addPad(server, 'device-13'),
    answer: () => 'device-13\n',
  },
  {
    number: 14,
    method: 'POST',
    paths: ['/dev/v3/apps/{appid}/licenses/activation'],
    inBody: ['credential', 'custom'],
    example: ({ world }) => ({ appid: world.appId, credential: 'opaque-device-string', custom: 'device-14' }),
    answer: () => ({ cert: expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]+$/) }),
    wrongType: { credential: {}, custom: [] },
  },
  {
    number: 15,
    method: 'GET',
    paths: ['/dev/v3/apps/{appid}/licenses'],
    example: ({ world }) => ({ appid: world.appId, pageNumber: '1', pageSize: '10' }),
    optional: ['pageNumber', 'pageSize'],
    prepare: async (server) => void (await server.activate('device-15')),
    answer: () => ({
      totalSize: 1,
      pageSize: 10,
      pageNumber: 1,
      hasMore: false,
      elements: [
        {
          custom: 'device-15',
          records: [
            {
              createdTime: DOCUMENTED.activationTime * 1000,
              validityPeriod: 12,
              activatedTime: DOCUMENTED.activationTime * 1000,
              activated: true,
            },
          ],
        },
      ],
    }),
    wrongType: { pageNumber: 'first', pageSize: 'all' },
  },
];
