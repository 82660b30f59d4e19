import * as Type from 'typebox';
import { LocalTime, Message, NumericId, success } from './answer-parts.ts';

/** Answers about preauthorization; the contract's examples and what we add. Source: contract, "Calls". */

const UPLOAD = '3E0B6C1D7A5F4C2B9E8D7A6B5C4D3E2F';

const Counts = {
  added: Type.Integer({ description: '新增的 LicenseKey 数 · LicenseKeys that are new' }),
  duplicates: Type.Integer({ description: '已在列表中的数目 · those in the list already' }),
  invalid: Type.Integer({ description: '无效的行数 · lines that are no LicenseKey' }),
};
const UploadId = Type.String({ description: '上传编号，见 /pad/uploads · id of the upload in /pad/uploads' });

const Pad = Type.Object({
  id: Type.Integer(),
  cid: NumericId('CID'),
  vid: NumericId('vid'),
  licenseKey: Type.String(),
  createTime: LocalTime,
});
const padExample = {
  id: 12,
  cid: 717241,
  vid: 975823,
  licenseKey: 'SN-0001',
  createTime: '2022-09-21 14:57:16',
};

export const SwitchAnswer = success(
  { message: Message, data: Type.Object({ enabled: Type.Boolean() }) },
  { message: '配置成功！', data: { enabled: true } },
);

export const UploadAnswer = success(
  {
    message: Message,
    data: Type.Object({
      ...Counts,
      duplicateLines: Type.Array(Type.Integer(), {
        description: '前若干个重复行的行号 · numbers of the first lines that were in the list already',
      }),
      problems: Type.Array(
        Type.Object({
          line: Type.Integer({ description: '行号，从 1 开始 · number of the line, from 1' }),
          problem: Message,
        }),
        { description: '前若干个无效行 · the first invalid lines' },
      ),
      upload: UploadId,
      warnings: Type.Optional(
        Type.Array(Message, { description: '文件的可疑之处 · what looks odd about the file' }),
      ),
    }),
  },
  {
    message: '预授权文件上传成功',
    data: { added: 998, duplicates: 2, invalid: 0, duplicateLines: [17, 42], problems: [], upload: UPLOAD },
  },
);

export const UploadsAnswer = success(
  {
    data: Type.Array(
      Type.Object({
        upload: UploadId,
        state: Type.Union([Type.Literal('entering'), Type.Literal('entered'), Type.Literal('cleared')], {
          description:
            'entering 写入中 · entered 已完成 · cleared 列表已被清空 (the list was cleared before its end)',
        }),
        lines: Type.Integer({ description: '文件中的 LicenseKey 数 · LicenseKeys in the file' }),
        done: Type.Integer({ description: '已写入的 LicenseKey 数 · those that are in' }),
        ...Counts,
        sha256: Type.String({ description: '文件的 SHA-256，十六进制 · of the file as it was sent, hex' }),
        createTime: LocalTime,
      }),
    ),
  },
  {
    data: [
      {
        upload: UPLOAD,
        state: 'entering',
        lines: 1_000_000,
        done: 250_000,
        added: 249_998,
        duplicates: 2,
        invalid: 0,
        sha256: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
        createTime: '2022-09-21 14:57:16',
      },
    ],
  },
);

export const DeleteAnswer = success(
  {
    message: Message,
    data: Type.Object({ deleted: Type.Integer({ description: '删除的数目 · how many were deleted' }) }),
  },
  { message: '删除预授权成功', data: { deleted: 2 } },
);

export const ClearAnswer = success(
  {
    message: Message,
    data: Type.Object({ cleared: Type.Integer({ description: '清空的数目 · how many were deleted' }) }),
  },
  { message: '清空预授权成功', data: { cleared: 1000 } },
);

export const PadsAnswer = success({ data: Type.Array(Pad) }, { data: [padExample] });

export const PadPageAnswer = success(
  { data: Type.Object({ count: Type.Integer(), list: Type.Array(Pad) }) },
  { data: { count: 1, list: [padExample] } },
);
