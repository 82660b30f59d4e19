import * as Type from 'typebox';
import { AnswerFile, MAX_ANSWER_FILE_BYTES } from '#core/documents/answer-file.ts';
import { Nonce } from '#core/documents/license-proof.ts';
import { LicenseError } from '#core/errors.ts';
import type { Media } from '#core/evaluate.ts';
import { Id, LicenseKey, parseJson } from '#core/shapes.ts';
import type { ProofAnswer } from './client/local-answers.ts';
import type { Events } from './events.ts';
import type { Exchange } from './exchange.ts';
import type { Gateway } from './gateway.ts';
import type { LocalRequest, LocalRoute } from './local-route.ts';
import type { Meter } from './meter.ts';
import type { Asked } from './refresher.ts';
import type { Service } from './service.ts';

/** What the sockets lead to. */
export interface LocalServices {
  readonly service: Service;
  readonly gateway: Gateway;
  readonly meter: Meter;
  readonly events: Events;
  readonly exchange: Exchange;
  readonly prove: (licenseKey: string, nonce: string) => Promise<ProofAnswer>;
  /** The device's own LicenseKey. */
  readonly own: string;
  /** Whether applications may take licenses in: for accounts that log in on this device. */
  readonly accountActivation: boolean;
}

const MOST_KEYS = 1000;
const MOST_PAGE = 1000;

const MediaShape = Type.Enum(['audio', 'video']);
const Session = Type.Object({ media: MediaShape, licenseKey: Type.Optional(LicenseKey) });
const Proof = Type.Object({ nonce: Nonce, licenseKey: Type.Optional(LicenseKey) });
const Keys = Type.Object({ licenseKeys: Type.Array(LicenseKey, { minItems: 1, maxItems: MOST_KEYS }) });
const Transfer = Type.Object({ toLicenseKey: LicenseKey });
const Renewal = Type.Object({ renewId: Type.Optional(Id) });
const Request = Type.Object({
  /** Without it what the license needs: to be activated or refreshed. */
  purpose: Type.Optional(Type.Enum(['activate', 'refresh', 'renew', 'transfer', 'release'])),
  /** To fit into a QR code: without the token that is held. */
  short: Type.Optional(Type.Boolean()),
  toLicenseKey: Type.Optional(LicenseKey),
  renewId: Type.Optional(Id),
  licenseKeys: Type.Optional(Type.Array(LicenseKey, { minItems: 1, maxItems: MOST_KEYS })),
});

/** Open to the group: reading, sessions, proof, and accounts where a setting allows. Source: protocol, Applications. */
export function agentRoutes(services: LocalServices): readonly LocalRoute[] {
  const { service, gateway, meter, events, prove, own, accountActivation } = services;
  return [
    { method: 'GET', path: '/v1/status', answer: () => service.status() },
    {
      method: 'GET',
      path: '/v1/check',
      answer: ({ query }) => service.check(mediaOf(query), query.get('licenseKey') ?? undefined),
    },
    {
      method: 'GET',
      path: '/v1/events',
      stream: (send) => events.subscribe(({ event, data }) => send(event, data)),
    },
    {
      method: 'POST',
      path: '/v1/sessions',
      answer: (request) => {
        const { media, licenseKey = own } = bodyOf(Session, request);
        return meter.open(licenseKey, media);
      },
    },
    { method: 'POST', path: '/v1/sessions/{id}', answer: ({ params }) => meter.beat(params['id'] ?? '') },
    { method: 'DELETE', path: '/v1/sessions/{id}', answer: ({ params }) => meter.end(params['id'] ?? '') },
    {
      method: 'POST',
      path: '/v1/proof',
      answer: (request) => {
        const { nonce, licenseKey = own } = bodyOf(Proof, request);
        return prove(licenseKey, nonce);
      },
    },
    { method: 'GET', path: '/v1/licenses', answer: async ({ query }) => listOf(gateway, query) },
    {
      method: 'GET',
      path: '/v1/licenses/{licenseKey}',
      answer: ({ params }) => gateway.status(params['licenseKey'] ?? ''),
    },
    ...(accountActivation ? takingRoutes(gateway, (key) => gateway.requireAccount(key)) : []),
  ];
}

/** Open to the owner alone: whatever changes something. */
export function adminRoutes({ service, gateway, exchange, own }: LocalServices): readonly LocalRoute[] {
  const ask = (purpose: Asked['purpose'], shape?: Type.TObject) => ({
    method: 'POST' as const,
    path: `/v1/${purpose}`,
    answer: (request: LocalRequest) =>
      service.ask({ purpose, ...(shape && request.body !== '' && bodyOf(shape, request)) }),
  });
  return [
    ask('activate'),
    ask('refresh'),
    ask('renew', Renewal),
    ask('transfer', Transfer),
    ask('release'),
    { method: 'POST', path: '/v1/enrollment', answer: ({ body }) => service.enroll(body) },
    {
      method: 'POST',
      path: '/v1/requests',
      answer: (request) => {
        const { licenseKeys = [own], short, ...asked } = bodyOf(Request, request);
        // Before anything is given up.
        if (asked.purpose === 'transfer' && asked.toLicenseKey === undefined)
          throw new LicenseError('parameter_missing', { name: 'toLicenseKey' });
        return exchange.request(licenseKeys, asked, { short });
      },
    },
    {
      method: 'POST',
      path: '/v1/answers',
      maxBodyBytes: MAX_ANSWER_FILE_BYTES,
      answer: async (request) => ({ outcomes: await exchange.import(bodyOf(AnswerFile, request).answers) }),
    },
    {
      method: 'POST',
      path: '/v1/licenses',
      answer: async (request) => ({ outcomes: await gateway.add(bodyOf(Keys, request).licenseKeys) }),
    },
    {
      method: 'POST',
      path: '/v1/releases',
      answer: async (request) => ({ outcomes: await gateway.remove(bodyOf(Keys, request).licenseKeys) }),
    },
    ...takingRoutes(gateway),
  ];
}

/** Taking a license in for a LicenseKey, and giving it up. */
function takingRoutes(gateway: Gateway, require: (licenseKey: string) => void = () => {}): LocalRoute[] {
  return [
    {
      method: 'PUT',
      path: '/v1/licenses/{licenseKey}',
      answer: async ({ params }) => {
        const { licenseKey = '' } = params;
        require(licenseKey);
        const [outcome] = await gateway.add([licenseKey]);
        return { ...outcome, status: await gateway.status(licenseKey) };
      },
    },
    {
      method: 'DELETE',
      path: '/v1/licenses/{licenseKey}',
      answer: async ({ params }) => {
        const { licenseKey = '' } = params;
        require(licenseKey);
        const [outcome] = await gateway.remove([licenseKey]);
        return { ...outcome };
      },
    },
  ];
}

function listOf(gateway: Gateway, query: URLSearchParams) {
  const size = Number(query.get('size') ?? MOST_PAGE);
  if (!Number.isInteger(size) || size < 1 || size > MOST_PAGE) {
    const problem = { en: `must be 1 to ${MOST_PAGE}`, zh: `必须为 1 到 ${MOST_PAGE}` };
    throw new LicenseError('parameter_invalid', { name: 'size', problem });
  }
  return gateway.list(query.get('after') ?? '', size);
}

function bodyOf<S extends Type.TSchema>(shape: S, { body }: LocalRequest): Type.Static<S> {
  return parseJson(shape, body, 'body_malformed', { en: 'body', zh: '请求体' });
}

function mediaOf(query: URLSearchParams): Media | undefined {
  const media = query.get('media');
  if (media === null || media === 'audio' || media === 'video') return media ?? undefined;
  const problem = { en: 'must be audio or video', zh: '必须为 audio 或 video' };
  throw new LicenseError('parameter_invalid', { name: 'media', problem });
}
