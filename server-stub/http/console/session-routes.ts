import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import * as Type from 'typebox';
import { changeSecondFactor } from '../../users/change-second-factor.ts';
import { Role } from '../../users/role.ts';
import { newTotpSecret, totpUri } from '../../users/second-factor.ts';
import { endSession } from '../../users/sessions.ts';
import { changePassword, type SignedIn, signIn } from '../../users/sign-in.ts';
import type { User } from '../../users/users.ts';
import { FailedAttempts } from '../failed-attempts.ts';
import { addressOf, networkOf } from '../remote-address.ts';
import type { Services } from '../services.ts';
import { SESSION_COOKIE, userOfCall } from './console-scope.ts';
import { giveSession } from './give-session.ts';

const Password = Type.String({ minLength: 1, maxLength: 512 });
const Code = Type.String({ pattern: '^[0-9 ]{6,7}$' });
const Name = Type.String({ minLength: 1, maxLength: 64 });

/** Who is signed in, and what the pages need to know of the server. */
export const Session = Type.Object({
  name: Type.String(),
  role: Role,
  /** The one company that the user sees; null: all. */
  cid: Type.Union([Type.String(), Type.Null()]),
  mustChangePassword: Type.Boolean(),
  secondFactor: Type.Boolean(),
  /** IANA name of the zone that times are shown in. */
  zone: Type.String(),
});
export type Session = Type.Static<typeof Session>;

export const SignInBody = Type.Object({ name: Name, password: Password, code: Type.Optional(Code) });
export const PasswordBody = Type.Object({ present: Password, next: Password });
export const SecondFactorBody = Type.Object({
  password: Password,
  next: Type.Optional(Type.Object({ secret: Type.String({ pattern: '^[A-Z2-7]{32}$' }), code: Code })),
});
export const SecondFactorOffer = Type.Object({ secret: Type.String(), uri: Type.String() });

/** Wrong passwords that one network may send in a second, whatever the names. */
const FAILURES_PER_SECOND = 5;
const ANYBODY = { config: { role: 'viewer', beforePassword: true } } as const;

/** Signing in and out, and how one signs in: `/session`. */
export function sessionRoutes(scope: FastifyInstance, { store, clock, config }: Services): void {
  const failedAttempts = new FailedAttempts(FAILURES_PER_SECOND);
  const sessionOf = ({ name, role, cid, mustChangePassword, secondFactor }: User): Session => {
    return { name, role, cid, mustChangePassword, secondFactor, zone: config.zone };
  };
  /** Wrong names are bounded here, by the network that they come from; those of a known name in the store as well. */
  async function guarded<T>(request: FastifyRequest, work: () => Promise<T>): Promise<T> {
    const network = networkOf(request);
    failedAttempts.begin(network);
    const done = await work();
    failedAttempts.forgive(network);
    return done;
  }
  function enter(reply: FastifyReply, signedIn: SignedIn): Session {
    giveSession(reply, signedIn, clock.now());
    return sessionOf(signedIn.user);
  }

  scope.post<{ Body: Type.Static<typeof SignInBody> }>(
    '/session',
    { config: { role: 'nobody' }, schema: { body: SignInBody, response: { 200: Session } } },
    async (request, reply) => {
      const from = addressOf(request);
      const earlier = request.cookies[SESSION_COOKIE];
      const entered = await guarded(request, () => signIn(store, { ...request.body, from }, clock.now()));
      if (earlier !== undefined) await store.write(clock.now(), ({ db }) => endSession(db, earlier));
      return enter(reply, entered);
    },
  );

  scope.get('/session', { ...ANYBODY, schema: { response: { 200: Session } } }, async (request) =>
    sessionOf(userOfCall(request)),
  );

  scope.delete('/session', { config: { role: 'nobody' } }, async (request, reply) => {
    const token = request.cookies[SESSION_COOKIE];
    if (token !== undefined) await store.write(clock.now(), ({ db }) => endSession(db, token));
    reply.clearCookie(SESSION_COOKIE, { path: '/', httpOnly: true, secure: true, sameSite: 'strict' });
    return reply.code(204).send();
  });

  scope.put<{ Body: Type.Static<typeof PasswordBody> }>(
    '/session/password',
    { ...ANYBODY, schema: { body: PasswordBody, response: { 200: Session } } },
    async (request, reply) => {
      const wish = { ...request.body, name: userOfCall(request).name, from: addressOf(request) };
      return enter(reply, await guarded(request, () => changePassword(store, wish, clock.now())));
    },
  );

  scope.get(
    '/session/second-factor',
    { config: { role: 'viewer' }, schema: { response: { 200: SecondFactorOffer } } },
    async (request) => {
      const secret = newTotpSecret();
      return { secret, uri: totpUri(secret, userOfCall(request).name, `License Server ${request.hostname}`) };
    },
  );

  scope.put<{ Body: Type.Static<typeof SecondFactorBody> }>(
    '/session/second-factor',
    { config: { role: 'viewer' }, schema: { body: SecondFactorBody, response: { 200: Session } } },
    async (request) => {
      const wish = { ...request.body, name: userOfCall(request).name, from: addressOf(request) };
      return sessionOf(await guarded(request, () => changeSecondFactor(store, wish, clock.now())));
    },
  );
}
