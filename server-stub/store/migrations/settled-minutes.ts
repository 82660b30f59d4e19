/** How much of the reported minutes stands in the audit trail, and of which license too many were reported. */
export const settledMinutes: readonly string[] = [
  `alter table usage_minutes add column settled integer not null default 0`,
  `create index usage_minutes_unsettled on usage_minutes (cid, pid, app_id, at) where settled < minutes`,
  `create table usage_implausible (license text primary key references license, noted_at integer not null)`,
];
