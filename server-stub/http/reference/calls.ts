import * as Type from 'typebox';
import type { Bilingual } from '#core/errors.ts';
import { messageAnswer } from './answer-parts.ts';
import { AllocationsAnswer, BatchAnswer, LicenseAnswer, RenewAnswer } from './answers.ts';
import { CertAnswer, RecordsAnswer } from './legacy-answers.ts';
import {
  ClearAnswer,
  DeleteAnswer,
  PadPageAnswer,
  PadsAnswer,
  SwitchAnswer,
  UploadAnswer,
  UploadsAnswer,
} from './preauthorization-answers.ts';

/** What the reference says of a call beside its parameters, which come from the route itself. */
export interface DescribedCall {
  /** Its `operationId` without the version: what a program that is generated calls it. */
  readonly name: string;
  readonly summary: Bilingual;
  readonly description?: Bilingual;
  readonly answer: Type.TSchema;
  /** Content type of the answer, where it is not JSON. */
  readonly produces?: string;
  /** Content type of the body, where it is not JSON. */
  readonly consumes?: string;
}

const IDEMPOTENT: Bilingual = {
  en: 'Idempotent per App, PID and LicenseKey: the same license comes back and nothing is consumed.',
  zh: '按 App、PID、LicenseKey 幂等：再次调用返回同一 License，不再消耗额度。',
};

/** The calls of the OpenAPI by method and path, without host and version. Source: contract, "Calls". */
export const DESCRIBED: Readonly<Record<string, DescribedCall>> = {
  'POST /active': {
    name: 'activate',
    summary: { en: 'Activate a license', zh: '激活' },
    description: IDEMPOTENT,
    answer: LicenseAnswer,
  },
  'POST /active/batch': {
    name: 'activateBatch',
    summary: {
      en: 'Activate up to 1,000 LicenseKeys (ours)',
      zh: '批量激活，至多 1,000 个 LicenseKey（本产品扩展）',
    },
    description: IDEMPOTENT,
    answer: BatchAnswer,
  },
  'GET /detail': {
    name: 'detail',
    summary: { en: 'Look up a license', zh: '查询 License' },
    description: {
      en: '`key` is taken as a license value first, then as a LicenseKey: the one activated last.',
      zh: '`key` 先按 License 值查找，再按 LicenseKey 查找；有多个时取最近激活的一个。',
    },
    answer: LicenseAnswer,
  },
  'POST /allocate': {
    name: 'allocate',
    summary: { en: 'Allocate quota to an App', zh: '配额' },
    description: {
      en: 'Moves seats from the shared pool to the App alone. The grant must allow preallocation.',
      zh: '将共享额度划给某个 App 独用；授权须已开启预分配。',
    },
    answer: messageAnswer('license配额成功'),
  },
  'GET /product/allocations': {
    name: 'listAllocations',
    summary: { en: 'List allocations, newest first', zh: '查询配额' },
    description: {
      en: 'What the operator took back is an entry with a negative count.',
      zh: '管理员收回的额度显示为负数记录。',
    },
    answer: AllocationsAnswer,
  },
  'POST /renew': {
    name: 'renew',
    summary: { en: 'Renew a license', zh: '续期' },
    description: {
      en: 'One renewal license is consumed; the new end is max(now, old end) + the validity of the renewId.',
      zh: '消耗一个续期 License；新的到期时间 = max(当前时间, 原到期时间) + renewId 的有效期。',
    },
    answer: RenewAnswer,
  },
  'POST /vendor/pad/switch': {
    name: 'switchPreauthorization',
    summary: { en: 'Switch preauthorization on or off', zh: '开启或关闭预授权' },
    description: { en: 'A toggle: each call flips it.', zh: '每次调用切换一次状态。' },
    answer: SwitchAnswer,
  },
  'POST /pad/add': {
    name: 'preauthorize',
    summary: { en: 'Preauthorize a LicenseKey', zh: '增加单个预授权' },
    answer: messageAnswer('增加单个预授权成功'),
  },
  'POST /pad/upload': {
    name: 'uploadPreauthorizations',
    summary: { en: 'Upload preauthorized LicenseKeys', zh: '上传预授权文件' },
    description: {
      en: 'Form field `file`: UTF-8 text, one LicenseKey per line. All or nothing unless `partial=true`.',
      zh: '表单字段 `file`：UTF-8 文本，每行一个 LicenseKey。除非 `partial=true`，否则有一行错误则全部不生效。',
    },
    consumes: 'multipart/form-data',
    answer: UploadAnswer,
  },
  'GET /pad/uploads': {
    name: 'listUploads',
    summary: { en: 'Progress of uploads (ours)', zh: '查询上传进度（本产品扩展）' },
    description: {
      en: 'The newest 20 uploads of the App, newest first.',
      zh: '该 App 最近 20 次上传，最新的在前。',
    },
    answer: UploadsAnswer,
  },
  'POST /pad/delete': {
    name: 'deletePreauthorizations',
    summary: { en: 'Remove preauthorized LicenseKeys', zh: '删除预授权' },
    answer: DeleteAnswer,
  },
  'POST /pad/clear': {
    name: 'clearPreauthorizations',
    summary: { en: 'Remove all preauthorized LicenseKeys', zh: '清空预授权' },
    answer: ClearAnswer,
  },
  'GET /pads/search': {
    name: 'searchPreauthorization',
    summary: { en: 'Look up a preauthorized LicenseKey', zh: '查询单个预授权' },
    answer: PadsAnswer,
  },
  'GET /pads': {
    name: 'listPreauthorizations',
    summary: { en: 'List preauthorized LicenseKeys, newest first', zh: '查询预授权' },
    answer: PadPageAnswer,
  },
  'GET /pads/export': {
    name: 'exportPreauthorizations',
    summary: { en: 'Export preauthorized LicenseKeys', zh: '导出预授权' },
    produces: 'text/plain',
    answer: Type.String({ examples: ['SN-0001\nSN-0002\n'] }),
  },
  'POST /dev/v3/apps/{appid}/licenses/activation': {
    name: 'activate',
    summary: { en: 'Activate, for older device tools', zh: '激活（旧版设备工具）' },
    description: {
      en: 'The App must have opted in: license-server app set APP_ID --legacy-pid PID.',
      zh: '须先为该 App 开启：license-server app set APP_ID --legacy-pid PID。',
    },
    answer: CertAnswer,
  },
  'GET /dev/v3/apps/{appid}/licenses': {
    name: 'listLicenses',
    summary: { en: 'List licenses, for older query tools', zh: '查询 License（旧版查询工具）' },
    answer: RecordsAnswer,
  },
};
