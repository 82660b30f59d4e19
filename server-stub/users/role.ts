import * as Type from 'typebox';

/** What a person may do in the Console, the least first: look; run licenses; run the server as well. */
export const Role = Type.Union([Type.Literal('viewer'), Type.Literal('operator'), Type.Literal('admin')]);
export type Role = Type.Static<typeof Role>;

export const ROLES: readonly Role[] = Role.anyOf.map(({ const: role }) => role);

/** Whether a role may what takes at least another. */
export function includesRole(role: Role, least: Role): boolean {
  return ROLES.indexOf(role) >= ROLES.indexOf(least);
}
