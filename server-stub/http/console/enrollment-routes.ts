import type { FastifyInstance } from 'fastify';
import * as Type from 'typebox';
import { Enrollment } from '#core/documents/enrollment.ts';
import { LicenseError } from '#core/errors.ts';
import { Id } from '#core/shapes.ts';
import { enrollmentServer } from '../../enrollment-server.ts';
import {
  createEnrollment,
  enrollmentState,
  enrollments,
  revokeEnrollment,
} from '../../licensing/enrollments.ts';
import type { Services } from '../services.ts';
import { appOf } from './app-of.ts';
import { AppParams } from './app-routes.ts';
import { Nullable } from './nullable.ts';
import { actorOf } from './requester.ts';

const MOST_ACTIVATIONS = 1_000_000_000;
const MOST_DAYS = 36_500;
const DAY = 86_400;

export const EnrollmentList = Type.Object({
  enrollments: Type.Array(
    Type.Object({
      ...{ id: Type.String(), pid: Type.String(), used: Type.Integer(), maxActivations: Type.Integer() },
      ...{ expiresAt: Type.Integer(), revokedAt: Nullable(Type.Integer()) },
      state: Type.Enum(['inForce', 'usedUp', 'ended', 'revoked']),
    }),
  ),
});
export type EnrollmentList = Type.Static<typeof EnrollmentList>;

export const EnrollmentBody = Type.Object({
  pid: Id,
  maxActivations: Type.Integer({ minimum: 1, maximum: MOST_ACTIVATIONS }),
  days: Type.Integer({ minimum: 1, maximum: MOST_DAYS }),
});

const EnrollmentParams = Type.Object({ appId: AppParams.properties.appId, id: Id });

/** `/apps/:appId/enrollments` */
export function enrollmentRoutes(scope: FastifyInstance, services: Services): void {
  const { store, clock, config, issuer, installation } = services;
  const { reader } = store;

  scope.get<{ Params: AppParams }>(
    '/apps/:appId/enrollments',
    { config: { role: 'viewer' }, schema: { params: AppParams, response: { 200: EnrollmentList } } },
    async (request): Promise<EnrollmentList> => {
      const { app_id: appId } = await appOf(request, reader, request.params.appId);
      const now = clock.now();
      const found = await enrollments(reader, appId);
      return { enrollments: found.map((each) => ({ ...each, state: enrollmentState(each, now) })) };
    },
  );

  // The file holds a secret: it is shown this once.
  scope.post<{ Params: AppParams; Body: Type.Static<typeof EnrollmentBody> }>(
    '/apps/:appId/enrollments',
    {
      config: { role: 'operator' },
      schema: { params: AppParams, body: EnrollmentBody, response: { 201: Enrollment } },
    },
    async (request, reply) => {
      const { app_id: appId } = await appOf(request, reader, request.params.appId);
      const { pid, maxActivations, days } = request.body;
      const now = clock.now();
      const { serverId } = issuer;
      const server = await enrollmentServer(reader, { serverId, ...installation }, config, { appId }, now);
      const wish = { appId, pid, maxActivations, expiresAt: now + days * DAY, actor: actorOf(request) };
      const made = await store.write(now, (transaction) => createEnrollment(transaction, wish, server));
      return reply.code(201).send(made);
    },
  );

  scope.delete<{ Params: Type.Static<typeof EnrollmentParams> }>(
    '/apps/:appId/enrollments/:id',
    { config: { role: 'operator' }, schema: { params: EnrollmentParams } },
    async (request, reply) => {
      const { app_id: appId } = await appOf(request, reader, request.params.appId);
      const { id } = request.params;
      const known = await enrollments(reader, appId);
      if (!known.some((each) => each.id === id)) throw new LicenseError('unknown_enrollment', { id });
      await store.write(clock.now(), (transaction) => revokeEnrollment(transaction, id, actorOf(request)));
      return reply.code(204).send();
    },
  );
}
