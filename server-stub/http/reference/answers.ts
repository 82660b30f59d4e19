import * as Type from 'typebox';

/** Answers of the OpenAPI as its reference shows them; the contract's examples. Source: contract, "Calls". */

const LICENSE = '1D653F55A3B84DA9BC0615926B476016';
const PID = '02F51997A07B46C5810020A0F163EC30';
const VID = 975823;

const success = <Properties extends Type.TProperties>(properties: Properties, example: object) =>
  Type.Object({ code: Type.Literal(200), ...properties }, { examples: [{ code: 200, ...example }] });

const Message = Type.String({ description: '说明文字 · text for people' });
const Seconds = Type.Integer({ description: 'Unix 秒 · Unix seconds' });
const LocalTime = Type.String({
  description: '`YYYY-MM-DD HH:mm:ss`，服务器配置的时区 · in the server’s zone',
});

const LicenseView = Type.Object({
  pid: Type.String(),
  license: Type.String(),
  licenseKey: Type.String(),
  activationTime: Seconds,
  expireTime: Seconds,
  skuView: Type.Object({
    product: Type.Integer({ description: '1 RTC · 2 RTSA · 3 FPA' }),
    name: Type.String(),
    mediaType: Type.Integer({ description: '1 音频 audio · 2 视频 video · 3 音视频 both' }),
    minutes: Type.Integer({ description: '分钟数上限，0 为不限 · cap, 0 is unlimited' }),
    period: Type.String({ description: '使用时间段 · HH:MM~HH:MM' }),
  }),
});
const licenseExample = {
  pid: PID,
  license: LICENSE,
  licenseKey: 'SN-0001',
  activationTime: 1_663_743_436,
  expireTime: 1_695_279_436,
  skuView: { product: 1, name: 'RTC', mediaType: 3, minutes: 0, period: '00:00~23:59' },
};

const Pad = Type.Object({
  id: Type.Integer(),
  cid: Type.Unknown(),
  vid: Type.Unknown(),
  licenseKey: Type.String(),
  createTime: LocalTime,
});
const padExample = {
  id: 12,
  cid: 717241,
  vid: VID,
  licenseKey: 'SN-0001',
  createTime: '2022-09-21 14:57:16',
};

export const LicenseAnswer = success({ data: LicenseView }, { data: licenseExample });

export const BatchAnswer = success(
  {
    data: Type.Array(
      Type.Object({
        licenseKey: Type.String(),
        code: Type.Integer(),
        data: Type.Optional(LicenseView),
        error: Type.Optional(Type.String()),
        message: Type.Optional(Message),
      }),
    ),
  },
  {
    data: [
      { licenseKey: 'SN-0001', code: 200, data: licenseExample },
      {
        licenseKey: 'SN-0002',
        code: 400,
        error: 'quota_exhausted',
        message: `PID ${PID} 没有可供该 App 使用的 License 额度`,
      },
    ],
  },
);

export const messageAnswer = (message: string) => success({ message: Message }, { message });

export const AllocationsAnswer = success(
  {
    data: Type.Object({
      count: Type.Integer({ description: '配额操作总数 · number of allocation operations' }),
      list: Type.Array(
        Type.Object({
          pid: Type.String(),
          type: Type.Integer({ description: '1 正式 commercial · 2 测试 trial' }),
          creator: Type.String(),
          count: Type.Integer(),
          createTime: LocalTime,
          vid: Type.Optional(Type.Unknown({ description: 'v1' })),
        }),
      ),
    }),
  },
  {
    data: {
      count: 1,
      list: [{ pid: PID, type: 1, creator: 'admin', count: 10, createTime: '2022-09-21 14:57:16' }],
    },
  },
);

export const RenewAnswer = success(
  { message: Message, data: Type.Object({ license: Type.String(), expireTime: Seconds }) },
  { message: 'license续期成功', data: { license: LICENSE, expireTime: 1_726_901_836 } },
);

export const SwitchAnswer = success(
  { message: Message, data: Type.Object({ enabled: Type.Boolean() }) },
  { message: '配置成功！', data: { enabled: true } },
);

export const UploadAnswer = success(
  {
    message: Message,
    data: Type.Object({ added: Type.Integer(), duplicates: Type.Integer(), invalid: Type.Integer() }),
  },
  { message: '预授权文件上传成功', data: { added: 998, duplicates: 2, invalid: 0 } },
);

export const PadsAnswer = success({ data: Type.Array(Pad) }, { data: [padExample] });

export const PadPageAnswer = success(
  { data: Type.Object({ count: Type.Integer(), list: Type.Array(Pad) }) },
  { data: { count: 1, list: [padExample] } },
);

export const CertAnswer = Type.Object(
  { cert: Type.String({ maxLength: 2047 }) },
  { examples: [{ cert: 'eyJhbGciOiJFZERTQSJ9…' }] },
);

export const RecordsAnswer = Type.Object(
  {
    totalSize: Type.Integer(),
    pageSize: Type.Integer(),
    pageNumber: Type.Integer(),
    hasMore: Type.Boolean(),
    elements: Type.Array(
      Type.Object({
        custom: Type.String({ description: 'LicenseKey' }),
        records: Type.Array(
          Type.Object({
            createdTime: Type.Integer({ description: 'ms' }),
            validityPeriod: Type.Integer({ description: '月 · months' }),
            activatedTime: Type.Unsafe<number | null>({ type: ['integer', 'null'], description: 'ms' }),
            activated: Type.Boolean(),
          }),
        ),
      }),
    ),
  },
  {
    examples: [
      {
        totalSize: 1,
        pageSize: 10,
        pageNumber: 1,
        hasMore: false,
        elements: [
          {
            custom: 'SN-0001',
            records: [
              {
                createdTime: 1_663_743_436_000,
                validityPeriod: 12,
                activatedTime: 1_663_743_436_000,
                activated: true,
              },
            ],
          },
        ],
      },
    ],
  },
);

/** Every failure. Source: contract, Common "Envelope". */
export const ProblemAnswer = Type.Object(
  {
    code: Type.Integer({ description: '与 HTTP 状态相同 · the HTTP status' }),
    message: Message,
    error: Type.String({ description: '稳定的错误码 · stable code; docs/errors' }),
    requestId: Type.String(),
  },
  {
    examples: [
      {
        code: 400,
        message: `PID ${PID} 没有可供该 App 使用的 License 额度`,
        error: 'quota_exhausted',
        requestId: '0b7f5b2e-5d0f-4f0e-9f0b-3f8d7a1c2e4d',
      },
    ],
  },
);
