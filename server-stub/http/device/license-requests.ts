import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Answer } from '#core/documents/answer.ts';
import {
  licenseRequestDocument,
  parseLicenseRequest,
  verifyLicenseRequest,
} from '#core/documents/license-request.ts';
import { asLicenseError, type Bilingual, LicenseError } from '#core/errors.ts';
import { answerRequests, type DeviceOutcome } from '../../licensing/answer-request.ts';
import type { Verb } from '../../licensing/batch.ts';
import { signStatement } from '../../licensing/issuer.ts';
import { recognise } from '../../licensing/recognise.ts';
import type { DeviceRequest } from '../../licensing/request-facts.ts';
import { BodyReceiver } from '../body-receiver.ts';
import { languageOf, type Problem, problemOf } from '../problems.ts';
import { addressOf } from '../remote-address.ts';
import type { Services } from '../services.ts';

/** Requests in one call at most. Source: protocol, "An answer is …". */
const MAX_REQUESTS = 1000;
/** A thousand refreshes with the token held fit; nobody has proven anything yet when this is read. */
const MAX_ARRAY_BYTES = 4 * 1024 * 1024;
/** Sixteen of the largest at a time; a gateway that comes too many waits seconds. */
const MAX_ARRAYS_BYTES = 16 * MAX_ARRAY_BYTES;

const REQUEST: Bilingual = { en: 'request', zh: '请求' };
const BODY: Bilingual = { en: 'body', zh: '请求体' };

/**
 * The device protocol: POST /v1/license-requests. One compact request (`application/jwt`) gets its answer; a JSON
 * array of them (gateways) an array, in which each request stands by itself: an answer or a problem.
 */
export function licenseRequestRoutes(scope: FastifyInstance, services: Services): void {
  const { store, batch, issuer, clock } = services;
  const verb: Verb<DeviceRequest, DeviceOutcome> = answerRequests(issuer);

  async function accept(compact: unknown, from: string): Promise<DeviceRequest> {
    const parsed = parseLicenseRequest(compact);
    const { aud } = parsed.claims;
    if (aud !== issuer.serverId) {
      throw new LicenseError('issuer_mismatch', { where: REQUEST, expected: issuer.serverId, actual: aud });
    }
    await recognise(store.reader, parsed, clock.now());
    return { claims: await verifyLicenseRequest(parsed), jkt: parsed.deviceKey.thumbprint, from };
  }

  async function answerTo(request: DeviceRequest): Promise<Answer> {
    const outcome = await batch.submit(verb, request);
    if (outcome.kind === 'rejected') throw outcome.error;
    return signStatement(issuer, outcome);
  }

  /** Decided in their order: of a gateway's release and activation it matters which came first. */
  async function answerAll(
    requests: readonly unknown[],
    call: FastifyRequest,
  ): Promise<(Answer | Problem)[]> {
    const problem = (thrown: unknown): Problem => {
      const error = asLicenseError(thrown);
      if (error.code === 'internal') call.log.error({ requestId: call.id, err: thrown }, error.message);
      return problemOf(error, languageOf(call), call.id);
    };
    const from = addressOf(call);
    const accepted = await Promise.allSettled(requests.map((each) => accept(each, from)));
    return Promise.all(
      accepted.map((each) =>
        each.status === 'fulfilled' ? answerTo(each.value).catch(problem) : problem(each.reason),
      ),
    );
  }

  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser(
    'application/jwt',
    { parseAs: 'string', bodyLimit: licenseRequestDocument.maxBytes },
    (_request, body, done) => done(null, body),
  );
  const arrays = new BodyReceiver({ most: MAX_ARRAY_BYTES, together: MAX_ARRAYS_BYTES });
  scope.addContentTypeParser('application/json', (_request, _payload, done) => done(null));
  scope.addHook('preValidation', async (request, reply) => {
    if (/^application\/json\b/i.test(request.headers['content-type'] ?? ''))
      request.body = splitRequests(await arrays.receive(request.raw, reply.raw));
  });
  scope.post('/v1/license-requests', async (request) => {
    const { body } = request;
    return Array.isArray(body) ? answerAll(body, request) : answerTo(await accept(body, addressOf(request)));
  });
}

/**
 * The elements of a JSON array of compact requests; one that is none stays what it is, and is refused by itself. A
 * compact JWS holds no comma, quote or escape, so splitting is parsing, and what strangers send is not built up
 * in memory first.
 *
 * @throws `document_malformed`
 */
function splitRequests(text: string): string[] {
  const array = text.trim();
  const list = array.startsWith('[') && array.endsWith(']') ? array.slice(1, -1) : '';
  const elements = list.split(',', MAX_REQUESTS + 1);
  if (list.trim() === '' || elements.length > MAX_REQUESTS) {
    const problem = {
      en: `is not a JSON array of 1 to ${MAX_REQUESTS} requests`,
      zh: `不是含 1 到 ${MAX_REQUESTS} 个请求的 JSON 数组`,
    };
    throw new LicenseError('document_malformed', { where: BODY, problem });
  }
  return elements.map((element) => /^\s*"([^"\\]*)"\s*$/.exec(element)?.[1] ?? element);
}
