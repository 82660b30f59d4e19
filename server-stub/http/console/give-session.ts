import type { FastifyReply } from 'fastify';
import type { EpochSeconds } from '#core/clock.ts';
import type { SignedIn } from '../../users/sign-in.ts';
import { SESSION_COOKIE } from './console-scope.ts';

/** Gives the browser the session: a cookie that no script reads, no other site sends and no plain connection carries. */
export function giveSession(reply: FastifyReply, { token, expiresAt }: SignedIn, now: EpochSeconds): void {
  reply.setCookie(SESSION_COOKIE, token, {
    ...{ path: '/', httpOnly: true, secure: true, sameSite: 'strict' },
    maxAge: expiresAt - now,
  });
}
