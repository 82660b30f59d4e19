/** Sessions that licenses may run at the same time, for as long as they were leased. */
export const concurrency: readonly string[] = [
  `create table concurrency_lease (
    license text primary key references license, cid text not null references company, pid text not null,
    app_id text not null references app, sessions integer not null check (sessions > 0), until_at integer not null)`,
  'create index concurrency_lease_pid on concurrency_lease (cid, pid)',
  'create index concurrency_lease_app on concurrency_lease (app_id)',
];
