/** Who in the directory a person of the Console is, and whether groups there say what that person may do here. */
export const consoleOidc: readonly string[] = [
  'alter table console_user add column oidc_issuer text',
  'alter table console_user add column oidc_subject text',
  'alter table console_user add column role_by_groups integer not null default 0',
  'create unique index console_user_oidc on console_user (oidc_issuer, oidc_subject)',
];
