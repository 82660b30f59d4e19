import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import * as Type from 'typebox';
import { type ErrorCode, errorTable } from '#core/error-table.ts';
import { asLicenseError, inLanguage, LicenseError, messageOf, remedyOf } from '#core/errors.ts';
import type { Directory } from '../../oidc/directory.ts';
import { FLOW_SECONDS, flowToCookie, requireFlow } from '../../oidc/oidc-flow.ts';
import { endSession } from '../../users/sessions.ts';
import { signInThroughDirectory } from '../../users/sign-in-through-directory.ts';
import { FailedAttempts } from '../failed-attempts.ts';
import { languageOf } from '../problems.ts';
import { addressOf, networkOf } from '../remote-address.ts';
import type { Services } from '../services.ts';
import { SESSION_COOKIE } from './console-scope.ts';
import { giveSession } from './give-session.ts';
import { Ways } from './ways.ts';

const START = '/console/api/session/oidc';
/** Where everybody comes back to, whoever asked: the answer leads nowhere else. */
const CONSOLE = '/console/';

/** The browser's part of a sign-in under way; Lax, for the directory's site sends the browser back. */
const FLOW_COOKIE = '__Host-license-console-oidc';
const FLOW_COOKIE_OPTIONS = { path: '/', httpOnly: true, secure: true, sameSite: 'lax' } as const;

/** Answers that are not believed, which one network may send in a second: for each the directory is asked. */
const FAILURES_PER_SECOND = 5;
const NOBODY = { role: 'nobody' } as const;

const WaysQuery = Type.Object({ failure: Type.Optional(Type.String({ maxLength: 64 })) });
/** Signing in through a directory: `/session/ways`, `/session/oidc`. */
export function oidcRoutes(scope: FastifyInstance, services: Services): void {
  const { directory, config } = services;
  scope.get<{ Querystring: Type.Static<typeof WaysQuery> }>(
    '/session/ways',
    { config: NOBODY, schema: { querystring: WaysQuery, response: { 200: Ways } } },
    async (request) => ({
      directory:
        directory === undefined ? null : { name: directory.name, url: `${config.oidcConsoleUrl}${START}` },
      failure: failureText(request, request.query.failure),
    }),
  );
  if (directory !== undefined) directoryRoutes(scope, directory, services);
}

function directoryRoutes(
  scope: FastifyInstance,
  directory: Directory,
  { store, clock, config, log }: Services,
): void {
  const failedAttempts = new FailedAttempts(FAILURES_PER_SECOND);
  const redirectUri = ({ protocol, host }: FastifyRequest) =>
    `${config.oidcConsoleUrl || `${protocol}://${host}`}${START}/callback`;
  /** The page says it in words: a browser that comes from the directory shows what it is sent. */
  function fail(request: FastifyRequest, reply: FastifyReply, thrown: unknown): FastifyReply {
    const error = asLicenseError(thrown);
    // Why stands in the log alone: an address is no place for it.
    const why = Object.entries(error.detail).map(([name, value]) => [name, inLanguage(value, 'en')]);
    const { code } = error;
    const entry = { requestId: request.id, code, from: addressOf(request), ...Object.fromEntries(why) };
    if (error.cause === undefined) log.warn(entry, error.message);
    else log.error({ ...entry, err: error.cause }, error.message);
    return reply.redirect(`${CONSOLE}?failure=${error.code}`, 303);
  }

  scope.get('/session/oidc', { config: NOBODY }, async (request, reply) => {
    try {
      const { url, flow } = await directory.begin(redirectUri(request), clock.now());
      reply.setCookie(FLOW_COOKIE, flowToCookie(flow), { ...FLOW_COOKIE_OPTIONS, maxAge: FLOW_SECONDS });
      return reply.redirect(url.href, 303);
    } catch (thrown) {
      return fail(request, reply, thrown);
    }
  });

  scope.get('/session/oidc/callback', { config: NOBODY }, async (request, reply) => {
    const cookie = request.cookies[FLOW_COOKIE];
    const network = networkOf(request);
    reply.clearCookie(FLOW_COOKIE, FLOW_COOKIE_OPTIONS);
    try {
      failedAttempts.begin(network);
      const { search, searchParams } = new URL(request.url, 'http://localhost');
      const flow = requireFlow(cookie, searchParams.get('state'), clock.now());
      const person = await directory.end(new URL(redirectUri(request) + search), flow);
      const wish = { person, rules: config.oidcRoles, from: addressOf(request) };
      const now = clock.now();
      const entered = await signInThroughDirectory(store, wish, now);
      failedAttempts.forgive(network);
      const earlier = request.cookies[SESSION_COOKIE];
      if (earlier !== undefined) await store.write(now, ({ db }) => endSession(db, earlier));
      giveSession(reply, entered, now);
      // The session's cookie is not sent along here, for the browser comes from another site; the page needs none, and
      // what it asks for then comes from a page of ours.
      return reply.redirect(CONSOLE, 303);
    } catch (thrown) {
      return fail(request, reply, thrown);
    }
  });
}

/** Only texts of ours: an address that somebody else made says nothing else. */
function failureText(request: FastifyRequest, code: string | undefined): string | null {
  if (code === undefined || !Object.hasOwn(errorTable, code)) return null;
  const error = new LicenseError(code as ErrorCode);
  const language = languageOf(request);
  const [message, remedy] = [messageOf(error, language), remedyOf(error, language)];
  return language === 'zh' ? `${message}。${remedy}` : `${message}. ${remedy}`;
}
