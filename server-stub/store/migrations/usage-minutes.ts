/** Minutes by the time at which devices reported them; what was reported before counts to no period. */
export const usageMinutes: readonly string[] = [
  `create table usage_minutes (
    cid text not null references company, pid text not null, app_id text not null references app,
    at integer not null, minutes integer not null, primary key (cid, pid, app_id, at))`,
  `insert into usage_minutes (cid, pid, app_id, at, minutes)
    select license.cid, license.pid, license.app_id, 0, sum(usage_total.minutes)
    from usage_total join license on license.license = usage_total.license
    group by license.cid, license.pid, license.app_id`,
];
