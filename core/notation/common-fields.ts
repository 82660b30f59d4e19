import { AppId, Cid, Name } from '../shapes.ts';
import { textField } from './fields.ts';

/** Fields that several commands and lines take. */
export const APP_ID = textField(AppId, {
  en: 'an App ID of 32 lower-case hex characters',
  zh: '32 位小写十六进制的 App ID',
});
export const CID = textField(Cid, {
  en: 'a CID of 1 to 32 letters, digits, _ and -',
  zh: '1 到 32 个字母、数字、_ 或 - 组成的 CID',
});
export const NAME = textField(Name, {
  en: 'a name of at most 100 characters',
  zh: '不超过 100 个字符的名称',
});
