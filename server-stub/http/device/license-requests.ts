import type { FastifyInstance, FastifyRequest } from 'fastify';
import * as Type from 'typebox';
import type { Answer } from '#core/documents/answer.ts';
import {
  licenseRequestDocument,
  parseLicenseRequest,
  verifyLicenseRequest,
} from '#core/documents/license-request.ts';
import { asLicenseError, LicenseError } from '#core/errors.ts';
import { parseJson } from '#core/shapes.ts';
import { answerRequests, type DeviceOutcome } from '../../licensing/answer-request.ts';
import type { Verb } from '../../licensing/batch.ts';
import { signStatement } from '../../licensing/issuer.ts';
import { recognise } from '../../licensing/recognise.ts';
import type { DeviceRequest } from '../../licensing/request-facts.ts';
import { languageOf, type Problem, problemOf } from '../problems.ts';
import type { Services } from '../services.ts';

/** Requests in one call at most. Source: protocol, "An answer is …". */
const MAX_REQUESTS = 1000;
const Requests = Type.Array(Type.Unknown(), { minItems: 1, maxItems: MAX_REQUESTS });

/**
 * The device protocol: POST /v1/license-requests. One compact request (`application/jwt`) gets its answer; a JSON
 * array of them (gateways) an array, in which each request stands by itself: an answer or a problem.
 */
export function licenseRequestRoutes(scope: FastifyInstance, services: Services): void {
  const { store, batch, issuer, clock } = services;
  const verb: Verb<DeviceRequest, DeviceOutcome> = answerRequests(issuer);

  async function answerTo(compact: unknown): Promise<Answer> {
    const parsed = parseLicenseRequest(compact);
    const { aud } = parsed.claims;
    if (aud !== issuer.serverId) {
      throw new LicenseError('issuer_mismatch', { where: 'request', expected: issuer.serverId, actual: aud });
    }
    await recognise(store.reader, parsed, clock.now());
    const claims = await verifyLicenseRequest(parsed);
    const outcome = await batch.submit(verb, { claims, jkt: parsed.deviceKey.thumbprint });
    if (outcome.kind === 'rejected') throw outcome.error;
    return signStatement(issuer, outcome);
  }

  const answerOrProblem =
    (request: FastifyRequest) =>
    (compact: unknown): Promise<Answer | Problem> =>
      answerTo(compact).catch((thrown: unknown) => {
        const error = asLicenseError(thrown);
        if (error.code === 'internal')
          request.log.error({ requestId: request.id, err: thrown }, error.message);
        return problemOf(error, languageOf(request), request.id);
      });

  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser(
    'application/jwt',
    { parseAs: 'string', bodyLimit: licenseRequestDocument.maxBytes },
    (_request, body, done) => done(null, body),
  );
  scope.addContentTypeParser(
    'application/json',
    { parseAs: 'string', bodyLimit: MAX_REQUESTS * (licenseRequestDocument.maxBytes + 4) },
    (_request, body, done) => {
      try {
        done(null, parseJson(Requests, body.toString(), 'document_malformed', 'license requests'));
      } catch (error) {
        done(error as Error);
      }
    },
  );
  scope.post('/v1/license-requests', async (request) => {
    const { body } = request;
    return Array.isArray(body) ? Promise.all(body.map(answerOrProblem(request))) : answerTo(body);
  });
}
