import * as Type from 'typebox';

/** A success in the contract's envelope, with an example. Source: contract, Common "Envelope". */
export const success = <Properties extends Type.TProperties>(properties: Properties, example: object) =>
  Type.Object({ code: Type.Literal(200), ...properties }, { examples: [{ code: 200, ...example }] });

export const Message = Type.String({ description: '说明文字 · text for people' });
export const Seconds = Type.Integer({ description: 'Unix 秒 · Unix seconds' });
export const LocalTime = Type.String({
  description: '`YYYY-MM-DD HH:mm:ss`，服务器配置的时区 · in the server’s zone',
});

/** As numericId writes a CID or vid. */
export const NumericId = (description: string) =>
  Type.Unsafe<number | string>({
    type: ['integer', 'string'],
    description: `${description}；数字无法精确表示时为字符串 · a string where no number spells it exactly`,
  });

/** A success that says so and no more. */
export const messageAnswer = (message: string) => success({ message: Message }, { message });
