import type { FastifyInstance } from 'fastify';
import * as Type from 'typebox';
import { AppId, Cid } from '#core/shapes.ts';
import {
  createCredential,
  credentials,
  revokeCredential,
  rotateCredential,
  type Scope,
} from '../../licensing/credentials.ts';
import type { Services } from '../services.ts';
import { CompanyQuery, companyOf } from './company-of.ts';
import { Nullable } from './nullable.ts';
import { actorOf } from './requester.ts';

/** Longer, and an old secret is never ended. */
const MOST_HOURS = 720;
const ScopeName = Type.Unsafe<Scope>(Type.Enum(['full', 'activate']));

export const CredentialList = Type.Object({
  credentials: Type.Array(
    Type.Object({
      ...{ customerId: Type.String(), cid: Type.String(), scope: ScopeName, label: Type.String() },
      ...{ createdAt: Type.Integer(), lastUsedAt: Nullable(Type.Integer()) },
      ...{ previousUntil: Nullable(Type.Integer()), revokedAt: Nullable(Type.Integer()) },
    }),
  ),
});
export type CredentialList = Type.Static<typeof CredentialList>;

export const CredentialBody = Type.Object({
  cid: Cid,
  scope: ScopeName,
  label: Type.Optional(Type.String({ maxLength: 100 })),
});
export const RotationBody = Type.Object({
  /** For which the old secret goes on; 0 where it became known. */
  overlapHours: Type.Integer({ minimum: 0, maximum: MOST_HOURS }),
});

/** A pair with its secret, shown this once. */
export const CredentialView = Type.Object({
  ...{ customerId: Type.String(), customerSecret: Type.String(), cid: Type.String() },
});
export type CredentialView = Type.Static<typeof CredentialView>;

const CredentialParams = Type.Object({ customerId: AppId });
type CredentialParams = Type.Static<typeof CredentialParams>;

/** `/credentials`: who has one may do as the company does, so they are for administrators. */
export function credentialRoutes(scope: FastifyInstance, { store, clock }: Services): void {
  scope.get<{ Querystring: CompanyQuery }>(
    '/credentials',
    { schema: { querystring: CompanyQuery, response: { 200: CredentialList } } },
    async (request): Promise<CredentialList> => ({
      credentials: await credentials(store.reader, companyOf(request, request.query.cid)),
    }),
  );

  scope.post<{ Body: Type.Static<typeof CredentialBody> }>(
    '/credentials',
    { schema: { body: CredentialBody, response: { 201: CredentialView } } },
    async (request, reply) => {
      const { cid, scope: wanted, label } = request.body;
      const made = await store.write(clock.now(), (transaction) =>
        createCredential(transaction, cid, wanted, actorOf(request), { label }),
      );
      return reply.code(201).send(made);
    },
  );

  scope.post<{ Params: CredentialParams; Body: Type.Static<typeof RotationBody> }>(
    '/credentials/:customerId/rotation',
    { schema: { params: CredentialParams, body: RotationBody, response: { 200: CredentialView } } },
    async (request) =>
      store.write(clock.now(), (transaction) =>
        rotateCredential(
          transaction,
          request.params.customerId,
          request.body.overlapHours * 3600,
          actorOf(request),
        ),
      ),
  );

  scope.delete<{ Params: CredentialParams }>(
    '/credentials/:customerId',
    { schema: { params: CredentialParams } },
    async (request, reply) => {
      await store.write(clock.now(), (transaction) =>
        revokeCredential(transaction, request.params.customerId, actorOf(request)),
      );
      return reply.code(204).send();
    },
  );
}
