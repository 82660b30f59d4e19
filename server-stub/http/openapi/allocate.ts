import type { FastifyInstance } from 'fastify';
import * as Type from 'typebox';
import { allocate } from '../../licensing/allocate.ts';
import { isCreator } from '../../licensing/move-seats.ts';
import type { Services } from '../services.ts';
import { changeRoute } from './change.ts';
import { AppIdParameter, PidParameter } from './parameters.ts';

const Query = Type.Object({ appid: AppIdParameter });

const Body = Type.Object({
  pid: PidParameter,
  count: Type.Integer({
    minimum: 1,
    maximum: 100_000_000,
    description: '配额数量 · licenses to allocate',
    examples: [100],
  }),
  creator: Type.Refine(
    Type.String({
      minLength: 1,
      maxLength: 64,
      description: '操作人，1–64 个可打印字符 · who allocates, 1–64 printable characters',
      examples: ['admin'],
    }),
    isCreator,
  ),
});

const ALLOCATED = { zh: 'license配额成功', en: 'license allocated' };

/** Call 3 of the contract: POST …/allocate. */
export function allocateRoutes(scope: FastifyInstance, services: Services): void {
  changeRoute(scope, services, {
    path: '/allocate',
    query: Query,
    body: Body,
    verb: allocate,
    request: ({ query: { appid: appId }, body: { pid, count, creator }, caller: { cid }, requester }) => ({
      cid,
      appId,
      pid,
      count,
      creator,
      ...requester,
    }),
    success: () => ({ message: ALLOCATED }),
  });
}
