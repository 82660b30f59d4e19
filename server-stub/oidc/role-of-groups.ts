import type { Role } from '../users/role.ts';
import type { OidcRole } from './oidc-keys.ts';

/** What groups of the directory may do here: the first rule that fits; undefined where none does. */
export function roleOfGroups(
  groups: readonly string[],
  rules: readonly OidcRole[],
): { role: Role; cid: string | null } | undefined {
  const rule = rules.find(({ group }) => groups.includes(group));
  return rule && { role: rule.role, cid: rule.cid ?? null };
}
