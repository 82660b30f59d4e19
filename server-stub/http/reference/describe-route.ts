import type { FastifySchema, HTTPMethods } from 'fastify';
import type { DescribedCall } from './calls.ts';
import { failuresOf } from './failure-answers.ts';
import { headersOf } from './request-headers.ts';

export const LEGACY = 'dev/v3';

/** A route of the server, as far as its reference is concerned. */
export interface ServedRoute {
  readonly method: HTTPMethods;
  readonly url: string;
  readonly schema: FastifySchema | undefined;
}

/** What the reference says of a route: its own parameters, and what the table of calls adds. */
export function describeRoute(
  { method, url, schema }: ServedRoute,
  { name, summary, description, answer, produces, consumes }: DescribedCall,
): FastifySchema {
  const { querystring, params, body } = schema ?? {};
  const tag = tagOf(url);
  const described = {
    operationId: `${name}_${tag.replace('/', '_')}`,
    headers: headersOf(String(method)),
    ...(querystring !== undefined && { querystring }),
    ...(params !== undefined && { params }),
    ...(body !== undefined && { body }),
    ...(consumes === 'multipart/form-data' && { body: FILE_FORM }),
    summary: `${summary.zh} · ${summary.en}`,
    ...(description !== undefined && { description: `${description.zh}\n\n${description.en}` }),
    tags: [tag],
    ...(consumes !== undefined && { consumes: [consumes] }),
    produces: [produces ?? 'application/json'],
    response: {
      200: { ...answer, 'x-response-description': '成功 · Success' },
      ...failuresOf({
        method: String(method),
        pathParameters: params !== undefined,
        body: body !== undefined || consumes !== undefined,
      }),
    },
  };
  return described;
}

const FILE_FORM = {
  type: 'object',
  required: ['file'],
  properties: {
    file: {
      type: 'string',
      format: 'binary',
      description: 'UTF-8 文本，每行一个 LicenseKey · UTF-8 text, one LicenseKey per line',
    },
  },
};

function tagOf(url: string): string {
  const [, version] = /^\/dabiz\/license\/(v[12])/.exec(url) ?? [];
  return version ?? LEGACY;
}
