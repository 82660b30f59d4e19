/** Leases by what they are added up by, with all that is read then; whose request, and which, each follows. */
export const concurrencyOrder: readonly string[] = [
  'alter table concurrency_lease add column device_jkt text',
  'alter table concurrency_lease add column counter integer',
  'drop index concurrency_lease_pid',
  'drop index concurrency_lease_app',
  'create index concurrency_lease_pid on concurrency_lease (cid, pid, until_at, sessions)',
  'create index concurrency_lease_app on concurrency_lease (app_id, until_at, sessions)',
];
