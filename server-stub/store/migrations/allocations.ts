/** Allocations of seats to Apps, what an App's operator may set, and renewal by the server itself. */
export const allocations: readonly string[] = [
  `create table allocation (
    app_id text not null references app, position integer not null, pid text not null,
    pid_position integer not null, cid text not null references company, count integer not null,
    creator text not null, created_at integer not null, primary key (app_id, position),
    unique (app_id, pid, pid_position), check (count <> 0))`,
  // Lines for one App that were imported before allocations were recorded.
  `insert into allocation (app_id, position, pid, pid_position, cid, count, creator, created_at)
    select quota.app_id, row_number() over (partition by quota.app_id order by quota.pid), quota.pid, 1, quota.cid,
      quota.granted, 'vendor', coalesce((
        select max(vendor_grant.imported_at) from terms join vendor_grant on vendor_grant.grant_id = terms.grant_id
        where terms.cid = quota.cid and terms.pid = quota.pid and terms.app_id = quota.app_id), 0)
    from quota where quota.app_id <> '' and quota.granted > 0`,
  `alter table app add column renew_days integer check (renew_days between 1 and 60)`,
  `alter table app add column renew_seen_days integer check (renew_seen_days >= 1)`,
  `alter table app add column device_renewal integer not null default 0 check (device_renewal in (0, 1))`,
  `alter table app add column legacy_pid text`,
  `create table renewal_shortage (
    app_id text not null references app, pid text not null, cid text not null references company,
    waiting integer not null check (waiting >= 0), reported_at integer not null, primary key (app_id, pid))`,
  `create index license_by_end on license (app_id, pid, expire_time)`,
  `create index terms_by_renewal on terms (cid, renew_id, position) where renew_id is not null`,
];
