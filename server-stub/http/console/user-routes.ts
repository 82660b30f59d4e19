import type { FastifyInstance, FastifyRequest } from 'fastify';
import * as Type from 'typebox';
import { Cid } from '#core/shapes.ts';
import { oneTimePassword } from '../../users/one-time-password.ts';
import { hashPassword } from '../../users/password.ts';
import { Role } from '../../users/role.ts';
import { changeUser, createUser, listUsers, type UserChange } from '../../users/users.ts';
import type { Services } from '../services.ts';
import { actorOf } from './actor-of.ts';
import { Nullable } from './nullable.ts';

const Name = Type.String({ minLength: 1, maxLength: 64 });

export const UserView = Type.Object({
  userId: Type.String(),
  name: Type.String(),
  role: Role,
  cid: Nullable(Type.String()),
  mustChangePassword: Type.Boolean(),
  secondFactor: Type.Boolean(),
  /** Whether somebody of the directory is this user. */
  directory: Type.Boolean(),
  createdAt: Type.Integer(),
  signedInAt: Nullable(Type.Integer()),
  disabledAt: Nullable(Type.Integer()),
});
export type UserView = Type.Static<typeof UserView>;
/** With the password to begin with, which is shown this once. */
export const UserWithPassword = Type.Object({ ...UserView.properties, password: Type.String() });
export type UserWithPassword = Type.Static<typeof UserWithPassword>;
export const UserList = Type.Object({ users: Type.Array(UserView) });
export type UserList = Type.Static<typeof UserList>;
export const NewUserBody = Type.Object({ name: Name, role: Role, cid: Nullable(Cid) });
export const UserChangeBody = Type.Object({
  role: Type.Optional(Role),
  cid: Type.Optional(Nullable(Cid)),
  disabled: Type.Optional(Type.Boolean()),
});
export const ResetBody = Type.Object({ withoutSecondFactor: Type.Boolean() });

const NameParams = Type.Object({ name: Name });
type Named = { Params: Type.Static<typeof NameParams> };

/** Who may sign in, for administrators: `/users`. */
export function userRoutes(scope: FastifyInstance, { store, clock }: Services): void {
  const config = { role: 'admin' } as const;
  const change = (request: FastifyRequest, name: string, wish: UserChange) =>
    store.write(clock.now(), (transaction) => changeUser(transaction, name, wish, actorOf(request)));

  scope.get('/users', { config, schema: { response: { 200: UserList } } }, async () => ({
    users: await listUsers(store.reader),
  }));

  scope.post<{ Body: Type.Static<typeof NewUserBody> }>(
    '/users',
    { config, schema: { body: NewUserBody, response: { 201: UserWithPassword } } },
    async (request, reply) => {
      const password = oneTimePassword();
      const wish = { ...request.body, passwordHash: await hashPassword(password) };
      const user = await store.write(clock.now(), (transaction) =>
        createUser(transaction, wish, actorOf(request)),
      );
      return reply.code(201).send({ ...user, password });
    },
  );

  scope.patch<Named & { Body: Type.Static<typeof UserChangeBody> }>(
    '/users/:name',
    { config, schema: { params: NameParams, body: UserChangeBody, response: { 200: UserView } } },
    async (request) => change(request, request.params.name, request.body),
  );

  scope.post<Named & { Body: Type.Static<typeof ResetBody> }>(
    '/users/:name/password',
    { config, schema: { params: NameParams, body: ResetBody, response: { 200: UserWithPassword } } },
    async (request) => {
      const password = oneTimePassword();
      const passwordHash = await hashPassword(password);
      return { ...(await change(request, request.params.name, { ...request.body, passwordHash })), password };
    },
  );
}
