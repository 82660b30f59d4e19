import * as Type from 'typebox';

const AcceptLanguage = Type.Optional(
  Type.String({
    description: '说明文字的语言，默认中文 · language of messages; Chinese unless English is preferred',
    examples: ['en'],
  }),
);

const IdempotencyKey = Type.Optional(
  Type.String({
    pattern: '^[\\x21-\\x7e]{1,255}$',
    maxLength: 255,
    description:
      '24 小时内以同一键重复发送只生效一次；1 至 255 个可见 ASCII 字符 · sent again under the same key within 24 hours it is carried out once; 1 to 255 visible ASCII characters',
    examples: ['7d9f1f0a-5c3b-4f0e-8a51-0f4c6e1d2b3a'],
  }),
);

/** Headers that mean something to a call, beside its credentials. Source: contract, Common. */
export function headersOf(method: string): Type.TObject {
  return Type.Object({
    'Accept-Language': AcceptLanguage,
    ...(method === 'POST' && { 'Idempotency-Key': IdempotencyKey }),
  });
}
