import * as Type from 'typebox';
import { LocalTime, Message, NumericId, Seconds, success } from './answer-parts.ts';

/** Answers about licenses and quota as the reference shows them; the contract's examples. Source: contract, "Calls". */

const LICENSE = '1D653F55A3B84DA9BC0615926B476016';
const PID = '02F51997A07B46C5810020A0F163EC30';

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

export const LicenseAnswer = success({ data: LicenseView }, { data: licenseExample });

export const BatchAnswer = success(
  {
    data: Type.Array(
      Type.Object({
        licenseKey: Type.Unsafe<unknown>({
          type: ['string', 'number', 'boolean', 'object', 'array', 'null'],
          description: '与请求中的相同，缺失时为 null · as it was sent, null where it was missing',
        }),
        code: Type.Integer({ description: '200，或该 LicenseKey 失败的状态 · 200, or why this one failed' }),
        data: Type.Optional(LicenseView),
        error: Type.Optional(Type.String({ description: '稳定的错误码 · stable code' })),
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
        message: `PID ${PID} 没有可供该 App 使用的许可证额度`,
      },
    ],
  },
);

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
          vid: Type.Optional(NumericId('仅 v1 · v1 alone')),
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
