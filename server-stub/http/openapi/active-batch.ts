import type { FastifyInstance } from 'fastify';
import * as Type from 'typebox';
import { errorTable } from '#core/error-table.ts';
import { type ErrorCode, type ErrorDetail, type Language, LicenseError, messageOf } from '#core/errors.ts';
import type { ActivationOutcome } from '../../licensing/activate.ts';
import { activateBatch, type BatchItem } from '../../licensing/activate-batch.ts';
import { idempotent } from '../../licensing/idempotent.ts';
import { callerOf } from '../authentication.ts';
import { languageOf } from '../problems.ts';
import type { Services } from '../services.ts';
import { requesterOf } from './change.ts';
import { idempotencyKeyOf } from './idempotency-key.ts';
import { parseJsonBody } from './json-body.ts';
import { licenseView } from './license-view.ts';
import { AppIdParameter, PidParameter } from './parameters.ts';

const MOST_KEYS = 1000;
/** A thousand items with the longest LicenseKeys, every character of them escaped. */
const BODY_LIMIT = 1024 * 1024;

const Query = Type.Object({ appid: AppIdParameter });
const keys = (description: string, example: unknown) =>
  Type.Array(Type.Unknown(), { minItems: 1, maxItems: MOST_KEYS, description, examples: [[example]] });
/** One PID for all, or a PID for each. What is in a list is judged key by key. */
const Body = Type.Object({
  pid: Type.Optional(PidParameter),
  licenseKeys: Type.Optional(
    keys('LicenseKey 字符串，与 pid 同用 · LicenseKeys, texts; beside pid', 'SN-0001'),
  ),
  items: Type.Optional(
    keys('{pid, licenseKey} 对象，替代 licenseKeys · objects; instead of licenseKeys', {
      pid: '02F51997A07B46C5810020A0F163EC30',
      licenseKey: 'SN-0001',
    }),
  ),
});

/**
 * What came of one key, without what is made anew for each reader, and without the key: the call says it again, and
 * what a stranger wrote there may be of any size.
 */
type KeyReply =
  | { readonly data: ReturnType<typeof licenseView> }
  | { readonly code: ErrorCode; readonly detail: ErrorDetail };

/**
 * POST /dabiz/license/v2/active/batch, ours: activates up to 1,000 LicenseKeys in one transaction, for gateways and
 * back offices; an answer for each key, in order.
 */
export function activeBatchRoutes(scope: FastifyInstance, { batch }: Services): void {
  const path = '/active/batch';
  const verb = idempotent(activateBatch, ({ outcomes }) => ({ replies: outcomes.map(replyOf) }));
  const options = {
    schema: { querystring: Query, body: Body },
    preValidation: parseJsonBody,
    bodyLimit: BODY_LIMIT,
    config: { scope: 'activate' as const },
  };
  scope.post(`/dabiz/license/v2${path}`, options, async (request) => {
    const { appid: appId } = request.query as Type.Static<typeof Query>;
    const body = request.body as Type.Static<typeof Body>;
    const items = itemsOf(body);
    const key = idempotencyKeyOf(request, path, { query: Query, body: items });
    const activation = { cid: callerOf(request).cid, appId, items, ...requesterOf(request) };
    const reply = await batch.submit(verb, { request: activation, key }, items.length);
    if (!reply.ok) throw reply.error;
    const language = languageOf(request);
    return {
      code: 200,
      data: items.map(({ licenseKey }, index) => answerOf(licenseKey, reply.body.replies[index], language)),
    };
  });
}

/**
 * The keys of a call, by either of its notations.
 *
 * @throws `parameter_missing`, `parameter_invalid`
 */
function itemsOf({ pid, licenseKeys, items }: Type.Static<typeof Body>): BatchItem[] {
  if (items !== undefined) {
    if (licenseKeys !== undefined) {
      const problem = { en: 'must not stand beside licenseKeys', zh: '不能与 licenseKeys 同时使用' };
      throw new LicenseError('parameter_invalid', { name: 'items', problem });
    }
    return items.map((item) => {
      const { pid: own = pid, licenseKey } = (item ?? {}) as Partial<BatchItem>;
      return { pid: own, licenseKey };
    });
  }
  if (licenseKeys === undefined) throw new LicenseError('parameter_missing', { name: 'licenseKeys' });
  if (pid === undefined) throw new LicenseError('parameter_missing', { name: 'pid' });
  return licenseKeys.map((licenseKey) => ({ pid, licenseKey }));
}

function replyOf(outcome: ActivationOutcome): KeyReply {
  if (outcome.ok) return { data: licenseView(outcome.license, outcome.terms) };
  const { code, detail } = outcome.error;
  return { code, detail };
}

function answerOf(licenseKey: unknown = null, reply: KeyReply | undefined, language: Language) {
  if (reply === undefined) throw new Error('there are fewer replies than keys');
  if ('data' in reply) return { licenseKey, code: 200, data: reply.data };
  const { code } = reply;
  return { licenseKey, code: errorTable[code].http, error: code, message: messageOf(reply, language) };
}
