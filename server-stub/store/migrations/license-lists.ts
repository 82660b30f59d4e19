/** What lists of licenses and the history of one are read by, so that they cost the same whatever the store holds. */
export const licenseLists: readonly string[] = [
  'create index license_by_activation on license (cid, activation_time, license)',
  'create index license_by_expiry on license (cid, expire_time, license)',
  `create index license_by_state on license (cid, state, license, expire_time) where state <> 'active'`,
  'create index audit_by_subject on audit (subject, cid, seq)',
];
