import * as Type from 'typebox';

/** What a person may do in the Console, the least first: look; run licenses; run the server as well. */
export const ROLES = ['viewer', 'operator', 'admin'] as const;
export const Role = Type.Union(ROLES.map((role) => Type.Literal(role)));
export type Role = (typeof ROLES)[number];

/** Whether a role may what takes at least another. */
export function includesRole(role: Role, least: Role): boolean {
  return ROLES.indexOf(role) >= ROLES.indexOf(least);
}
