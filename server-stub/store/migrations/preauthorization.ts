/**
 * Preauthorization: the list of LicenseKeys that may activate, of each App. Clearing cuts a list off, which is one
 * row; its LicenseKeys are purged later. `seq` is the order of arrival and never given twice within an App; the
 * counts per thousand of it find any page without walking there.
 */
export const preauthorization: readonly string[] = [
  `create table preauthorization_list (
    list integer primary key, app_id text not null references app, enabled integer not null default 0,
    next_seq integer not null default 1, cleared_at integer, purged integer not null default 0)`,
  `create unique index preauthorization_list_current on preauthorization_list (app_id) where cleared_at is null`,
  `create table preauthorization (
    list integer not null, license_key text not null, seq integer not null, created_at integer not null,
    primary key (list, license_key))`,
  `create unique index preauthorization_by_arrival on preauthorization (list, seq)`,
  `create table preauthorization_block (
    list integer not null, block integer not null, count integer not null, primary key (list, block),
    check (count >= 0))`,
  `create table preauthorization_upload (
    upload_id text primary key, app_id text not null references app, list integer not null, sha256 text not null,
    bytes integer not null, license_keys integer not null, invalid integer not null, problems text not null,
    position integer not null default 0, line integer not null default 0, done integer not null default 0,
    added integer not null default 0, duplicates integer not null default 0,
    duplicate_lines text not null default '[]',
    state text not null check (state in ('entering', 'entered', 'cleared')), created_at integer not null)`,
  `create index preauthorization_upload_by_app on preauthorization_upload (app_id, created_at)`,
  `create table preauthorization_removal (
    upload_id text not null, license_key text not null, primary key (upload_id, license_key))`,
];
