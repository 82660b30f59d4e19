/** What operators say of a license, where licenses were moved, keys that were replaced, minutes that were used. */
export const licenseVerbs: readonly string[] = [
  `alter table license add column label text not null default ''`,
  `alter table license add column group_name text not null default ''`,
  `alter table license add column transfers integer not null default 0`,
  `alter table license add column transfers_since integer not null default 0`,
  `create index license_by_group on license (cid, group_name, license) where group_name <> ''`,
  `alter table device_key add column replaced_at integer`,
  `create table transfer (
    app_id text not null, pid text not null, from_license_key text not null,
    license text not null references license, to_license_key text not null, at integer not null,
    primary key (app_id, pid, from_license_key, license))`,
  `create table usage_total (
    license text not null references license, meter_id text not null, minutes integer not null,
    primary key (license, meter_id))`,
];
