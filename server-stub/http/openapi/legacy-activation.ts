import type { FastifyInstance } from 'fastify';
import * as Type from 'typebox';
import { licenseCertDocument } from '#core/documents/license-cert.ts';
import { parseLicenseKey } from '#core/ids.ts';
import { currentCertificate } from '../../licensing/certificates.ts';
import { idempotent } from '../../licensing/idempotent.ts';
import { legacyActivation } from '../../licensing/legacy-activation.ts';
import { signerOf } from '../../licensing/signer-of.ts';
import { callerOf } from '../authentication.ts';
import type { Services } from '../services.ts';
import { requesterOf } from './change.ts';
import { idempotencyKeyOf } from './idempotency-key.ts';
import { parseJsonBody } from './json-body.ts';
import { AppIdParameter, LicenseKeyParameter } from './parameters.ts';

const PATH = '/dev/v3/apps/:appid/licenses/activation';

const Params = Type.Object({ appid: AppIdParameter });
const Body = Type.Object({
  /** The device's own opaque text. It names no license, and none of it is kept. */
  credential: Type.String({
    minLength: 1,
    maxLength: 256,
    description: '设备自有的字符串，不解析、不保存 · the device’s own opaque text; not read, not kept',
    examples: ['opaque-device-string'],
  }),
  custom: LicenseKeyParameter,
});

/** Call 14 of the contract: activation by the older device tools, which get a cert and nothing else. */
export function legacyActivationRoutes(
  scope: FastifyInstance,
  { batch, issuer, store, clock }: Services,
): void {
  const verb = idempotent(legacyActivation(issuer), ({ claims }) => ({ claims }));
  const options = {
    schema: { params: Params, body: Body },
    preValidation: parseJsonBody,
    config: { scope: 'activate' as const },
  };
  scope.post(PATH, options, async (request) => {
    const { appid: appId } = request.params as Type.Static<typeof Params>;
    const body = request.body as Type.Static<typeof Body>;
    const key = idempotencyKeyOf(request, PATH, { bodySchema: Body, body });
    const licenseKey = parseLicenseKey(body.custom);
    const activation = { cid: callerOf(request).cid, appId, licenseKey, ...requesterOf(request) };
    const reply = await batch.submit(verb, { request: activation, key });
    if (!reply.ok) throw reply.error;
    const { claims } = reply.body;
    const certificate = await currentCertificate(store.reader, claims.cid, clock.now());
    return { cert: await licenseCertDocument.sign(claims, signerOf(issuer, certificate)) };
  });
}
