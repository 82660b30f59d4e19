import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Answer } from '#core/documents/answer.ts';
import { licenseRequestDocument } from '#core/documents/license-request.ts';
import { MOST_REQUESTS } from '#core/documents/request-file.ts';
import { errorTable } from '#core/error-table.ts';
import { asLicenseError, type Bilingual, LicenseError } from '#core/errors.ts';
import { AnswerDesk } from '../../licensing/answer-desk.ts';
import { namedStrangers } from '../../licensing/named-strangers.ts';
import type { DeviceRequest } from '../../licensing/request-facts.ts';
import { BodyReceiver } from '../body-receiver.ts';
import { FailedAttempts, RETRY_AFTER_SECONDS } from '../failed-attempts.ts';
import { languageOf, type Problem, problemOf } from '../problems.ts';
import { addressOf, networkOf } from '../remote-address.ts';
import type { Services } from '../services.ts';
import { Turns } from './turns.ts';

/** A thousand refreshes with the token held fit; nobody has proven anything yet when this is read. */
const MAX_ARRAY_BYTES = 4 * 1024 * 1024;
/** Sixteen of the largest at a time, four from one network; a gateway that comes too many waits seconds. */
const MAX_ARRAYS_BYTES = 16 * MAX_ARRAY_BYTES;
const MAX_NETWORK_BYTES = 4 * MAX_ARRAY_BYTES;
/** Requests of an array that are begun in one turn of the event loop: a few milliseconds. */
const PIECE = 50;
/** Requests of one network that may be rejected in a second before its strangers are no longer looked at. */
const MAX_REJECTED = 100;

const BODY: Bilingual = { en: 'body', zh: '请求体' };

/**
 * The device protocol: POST /v1/license-requests. One compact request (`application/jwt`) gets its answer; a JSON
 * array of them (gateways) an array, in which each request stands by itself: an answer or a problem.
 */
export function licenseRequestRoutes(scope: FastifyInstance, services: Services): void {
  const { store, batch, issuer, clock } = services;
  const desk = new AnswerDesk(store, clock, issuer, batch);
  const rejected = new FailedAttempts(MAX_REJECTED);
  const turns = new Turns();

  async function accept(compact: unknown, call: FastifyRequest): Promise<DeviceRequest> {
    try {
      return await desk.admit(compact, addressOf(call));
    } catch (cause) {
      // That the store fails is nobody's guess.
      if (errorTable[asLicenseError(cause).code].http < 500) rejected.count(networkOf(call));
      throw cause;
    }
  }

  async function answerTo(request: DeviceRequest): Promise<Answer> {
    return (await desk.decide(request)).answer;
  }

  /**
   * What is accepted of an array, in its order, a piece of it in a turn. Once its network has had more rejected in this
   * second than it may, strangers of the array are told by the names that they bear and refused without any other
   * work; who bears the name of a known key or of an enrollment is looked at as ever, so that devices behind the NAT
   * of one that floods are served. A device by itself costs no more than its call, and is always looked at.
   */
  async function acceptAll(
    requests: readonly unknown[],
    call: FastifyRequest,
  ): Promise<PromiseSettledResult<DeviceRequest>[]> {
    const network = networkOf(call);
    const tooMany = { status: 'rejected', reason: tooManyStrangers() } as const;
    const settled: PromiseSettledResult<DeviceRequest>[] = [];
    for (let begin = 0; begin < requests.length; begin += PIECE) {
      await turns.next();
      const piece = requests.slice(begin, begin + PIECE);
      const strangers = rejected.exhausted(network)
        ? await namedStrangers(store.reader, piece, clock.now())
        : [];
      const looked = await Promise.allSettled(
        piece.map((each, index) => (strangers[index] ? undefined : accept(each, call))),
      );
      for (const each of looked) {
        const stranger = each.status === 'fulfilled' && each.value === undefined;
        settled.push(stranger ? tooMany : (each as PromiseSettledResult<DeviceRequest>));
      }
    }
    if (settled.every((each) => each === tooMany)) throw tooMany.reason;
    return settled;
  }

  /** Decided in their order: of a gateway's release and activation it matters which came first. */
  async function answerAll(
    requests: readonly unknown[],
    call: FastifyRequest,
  ): Promise<(Answer | Problem)[]> {
    const language = languageOf(call);
    const problem = (thrown: unknown): Problem => {
      const error = asLicenseError(thrown);
      if (error.code === 'internal') call.log.error({ requestId: call.id, err: thrown }, error.message);
      return problemOf(error, language, call.id);
    };
    const accepted = await acceptAll(requests, call);
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
  const arrays = new BodyReceiver({
    most: MAX_ARRAY_BYTES,
    network: MAX_NETWORK_BYTES,
    together: MAX_ARRAYS_BYTES,
  });
  scope.addContentTypeParser('application/json', (_request, _payload, done) => done(null));
  scope.addHook('preValidation', async (request, reply) => {
    if (/^application\/json\b/i.test(request.headers['content-type'] ?? ''))
      request.body = splitRequests(await arrays.receive(request.raw, reply.raw, networkOf(request)));
  });
  scope.post('/v1/license-requests', async (request) => {
    const { body } = request;
    return Array.isArray(body) ? answerAll(body, request) : answerTo(await accept(body, request));
  });
}

function tooManyStrangers(): LicenseError {
  return new LicenseError('rate_limited', { retryAfterSeconds: RETRY_AFTER_SECONDS });
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
  const elements = list.split(',', MOST_REQUESTS + 1);
  if (list.trim() === '' || elements.length > MOST_REQUESTS) {
    const problem = {
      en: `is not a JSON array of 1 to ${MOST_REQUESTS} requests`,
      zh: `不是含 1 到 ${MOST_REQUESTS} 个请求的 JSON 数组`,
    };
    throw new LicenseError('document_malformed', { where: BODY, problem });
  }
  return elements.map((element) => /^\s*"([^"\\]*)"\s*$/.exec(element)?.[1] ?? element);
}
