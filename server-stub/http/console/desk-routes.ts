import type { FastifyInstance, FastifyRequest } from 'fastify';
import * as Type from 'typebox';
import { AnswerFile } from '#core/documents/answer-file.ts';
import { MAX_REQUEST_FILE_BYTES } from '#core/documents/request-file.ts';
import { AnswerDesk } from '../../licensing/answer-desk.ts';
import { answerRequestFile, isGiven, refusalText } from '../../licensing/answer-request-file.ts';
import { languageOf } from '../problems.ts';
import type { Services } from '../services.ts';
import { companyOf } from './company-of.ts';
import { Nullable } from './nullable.ts';
import { requesterOf } from './requester.ts';

export const DeskBody = Type.Object({
  /** Of the file, for messages. */
  name: Type.String({ minLength: 1, maxLength: 255 }),
  /** What the file or the QR code holds. */
  text: Type.String({ minLength: 1, maxLength: MAX_REQUEST_FILE_BYTES }),
});

export const DeskAnswer = Type.Object({
  /** For the device to import. */
  answer: AnswerFile,
  requests: Type.Array(
    Type.Object({
      ...{ licenseKey: Nullable(Type.String()), purpose: Nullable(Type.String()) },
      /** Whether the device was given what it asked for. */
      given: Type.Boolean(),
      outcome: Type.String(),
      /** Why not, in words. */
      message: Type.String(),
    }),
  ),
});
export type DeskAnswer = Type.Static<typeof DeskAnswer>;

/** `/desk`: requests of devices without a network, as files or QR codes bring them. */
export function deskRoutes(scope: FastifyInstance, { store, clock, issuer, batch }: Services): void {
  const desk = new AnswerDesk(store, clock, issuer, batch);

  scope.post<{ Body: Type.Static<typeof DeskBody> }>(
    '/desk',
    {
      config: { role: 'operator' },
      bodyLimit: 2 * MAX_REQUEST_FILE_BYTES,
      schema: { body: DeskBody, response: { 200: DeskAnswer } },
    },
    async (request): Promise<DeskAnswer> => {
      const { name: where, text } = request.body;
      const language = languageOf(request);
      const { actor, from } = requesterOf(request);
      const { file, requests } = await answerRequestFile(desk, text, {
        ...{ where, language, from: `${actor} ${from}`, apps: await appsOf(request) },
      });
      return {
        answer: file,
        requests: requests.map((each) => ({
          ...{ licenseKey: each.licenseKey, purpose: each.purpose, outcome: each.outcome },
          given: isGiven(each),
          message: refusalText(each, language),
        })),
      };
    },
  );

  /** Whose devices the user may serve; undefined: of all. */
  async function appsOf(request: FastifyRequest): Promise<ReadonlySet<string> | undefined> {
    const cid = companyOf(request);
    if (cid === undefined) return undefined;
    const rows = await store.reader.selectFrom('app').select('app_id').where('cid', '=', cid).execute();
    return new Set(rows.map(({ app_id }) => app_id));
  }
}
