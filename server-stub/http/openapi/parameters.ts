import * as Type from 'typebox';

/**
 * Parameters that several calls take. Bounded here; whether such an App, PID or license exists is the use case's
 * to say, in the words of the contract.
 */
export const AppIdParameter = Type.String({
  minLength: 1,
  maxLength: 64,
  description: 'App ID（应用编号） · App ID',
  examples: ['a6d6dba434be4b6683fad1aba6a7f75e'],
});
export const PidParameter = Type.String({
  minLength: 1,
  maxLength: 64,
  description: '产品 ID（PID） · PID',
  examples: ['02F51997A07B46C5810020A0F163EC30'],
});
/** Checked by parseLicenseKey: its bound is in bytes. */
export const LicenseKeyParameter = Type.String({
  minLength: 1,
  maxLength: 1024,
  description: 'LicenseKey：设备或账号编号，1–128 字节 · device or account id, 1–128 bytes',
  examples: ['SN-0001'],
});
export const LicenseParameter = Type.String({
  minLength: 1,
  maxLength: 64,
  description: 'License 值 · license value',
  examples: ['1D653F55A3B84DA9BC0615926B476016'],
});
export const RenewIdParameter = Type.String({
  minLength: 1,
  maxLength: 64,
  description: '续期 License 的 renewId · renewId of the renewal license',
  examples: ['5C1C3B0B0C0E4B0E8F0C0A0D0E0F0102'],
});
/** Source: contract, Rules, "Page size". */
export const PageParameters = {
  page: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: 1_000_000_000,
      default: 1,
      description: '页码，从 1 开始 · page, from 1',
    }),
  ),
  size: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 1000, default: 20, description: '每页条数 · items in a page' }),
  ),
};
