import type { FastifySchema } from 'fastify';
import * as Type from 'typebox';
import { LicenseError } from '#core/errors.ts';
import { problemOf } from '../problems.ts';
import { Message } from './answer-parts.ts';

/** Every failure, written once: the calls refer to it. Source: contract, Common "Envelope". */
export const Problem = Type.Object(
  {
    code: Type.Integer({ description: '与 HTTP 状态相同 · the HTTP status' }),
    message: Message,
    error: Type.String({ description: '稳定的错误码 · stable code; docs/errors' }),
    requestId: Type.String({ description: '请求编号，日志中相同 · the same as in the log' }),
  },
  { $id: 'Problem' },
);

const REQUEST_ID = '0b7f5b2e-5d0f-4f0e-9f0b-3f8d7a1c2e4d';
const APP_ID = 'a6d6dba434be4b6683fad1aba6a7f75e';

const RetryAfter = {
  'Retry-After': { type: 'integer', description: '多少秒后重试 · seconds after which to try again' },
};
const Challenge = {
  'WWW-Authenticate': { type: 'string', description: 'Basic realm="license"' },
};

const failure = (description: string, example: LicenseError, headers?: object) => ({
  description,
  ...(headers !== undefined && { headers }),
  content: {
    'application/json': {
      schema: { $ref: 'Problem#' },
      example: problemOf(example, 'zh', REQUEST_ID),
    },
  },
});

const ALWAYS = {
  400: failure(
    '参数或业务错误，未做任何更改 · A mistake of the caller; nothing was changed',
    new LicenseError('unknown_app', { appId: APP_ID }),
  ),
  401: failure('凭证缺失或错误 · Credentials missing or wrong', new LicenseError('unauthorized'), Challenge),
  429: failure('请求过于频繁 · Too many requests', new LicenseError('rate_limited'), RetryAfter),
  500: failure('内部错误 · Something went wrong inside', new LicenseError('internal')),
  503: failure('暂时无法服务 · Not able to serve now', new LicenseError('server_busy'), RetryAfter),
};
const NO_PATH = failure(
  '路径不存在 · No such path',
  new LicenseError('not_found', { path: '/dev/v3/apps/%zz/licenses' }),
);
const TOO_LARGE = failure('请求体过大 · Body too large', new LicenseError('payload_too_large'));
const OTHER_TYPE = failure(
  '不支持的内容类型 · Content type not served',
  new LicenseError('unsupported_media_type', { contentType: 'text/csv' }),
);

export interface CallShape {
  readonly method: string;
  /** Whether something in the path is a parameter. */
  readonly pathParameters: boolean;
  /** Whether its body has a content type that must be the documented one. */
  readonly body: boolean;
}

/** The failures that a call can answer with, by status. Source: contract, Common "Status". */
export function failuresOf({
  method,
  pathParameters,
  body,
}: CallShape): NonNullable<FastifySchema['response']> {
  return {
    ...ALWAYS,
    ...(pathParameters && { 404: NO_PATH }),
    // What has no body of its own refuses one that is too large, all the same.
    ...(method === 'POST' && { 413: TOO_LARGE }),
    ...(body && { 415: OTHER_TYPE }),
  };
}
