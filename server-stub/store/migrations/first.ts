/** Companies, grants, quota, licenses, devices, credentials and the audit trail. */
export const first: readonly string[] = [
  `create table company (cid text primary key, name text not null, created_at integer not null)`,
  `create table app (
    app_id text primary key, cid text not null references company, vid text not null, name text not null,
    preallocation integer not null, pcu integer, fingerprint_key text not null, created_at integer not null)`,
  `create index app_by_company on app (cid)`,
  `create table issuer_certificate (
    cid text not null references company, serial integer not null, document text not null, nbf integer not null,
    exp integer not null, imported_at integer not null, primary key (cid, serial))`,
  `create table vendor_grant (
    grant_id text primary key, cid text not null references company, document text not null,
    imported_at integer not null, replaced_by text)`,
  `create table terms (
    terms_id text primary key, grant_id text not null references vendor_grant, cid text not null references company,
    kind text not null check (kind in ('purchase', 'renewal')), pid text not null, renew_id text, app_id text not null,
    count integer not null, used integer not null default 0, document text not null, claims text not null,
    position integer not null, withdrawn integer not null default 0, check (used >= 0 and used <= count))`,
  `create index terms_by_pid on terms (cid, pid, position)`,
  `create table quota (
    cid text not null references company, pid text not null, app_id text not null, granted integer not null,
    used integer not null default 0, overdraft integer not null default 0, primary key (cid, pid, app_id),
    check (granted >= 0 and used >= 0 and overdraft >= 0 and used <= granted + overdraft))`,
  `create table license (
    license text primary key, cid text not null references company, app_id text not null references app,
    pid text not null, license_key text not null, category text not null check (category in ('device', 'account')),
    terms_id text not null references terms,
    state text not null check (state in ('active', 'suspended', 'released', 'transferred')),
    activation_time integer not null, expire_time integer not null, renewals text not null default '[]',
    device_jkt text, fingerprint text,
    rebinds integer not null default 0, rebinds_since integer not null default 0,
    last_seen_at integer, agent_version text, unique (app_id, license_key, pid))`,
  `create table device_key (
    jkt text not null, license text not null references license, bound_at integer not null,
    counter integer not null, counter_fell_at integer, primary key (jkt, license))`,
  `create table answer (
    jti text primary key, jkt text not null, kind text not null check (kind in ('token', 'denial')),
    claims text not null, terms text not null, at integer not null)`,
  `create index answer_by_time on answer (at)`,
  `create table enrollment (
    enrollment_id text primary key, cid text not null references company, app_id text not null references app,
    pid text not null, secret text not null, max_activations integer not null, used integer not null default 0,
    created_at integer not null, expires_at integer not null, revoked_at integer, check (used <= max_activations))`,
  `create table credential (
    customer_id text primary key, cid text not null references company, secret_hash text not null,
    scope text not null check (scope in ('full', 'activate')), created_at integer not null, revoked_at integer)`,
  `create table audit (
    cid text not null references company, seq integer not null, at integer not null, actor text not null,
    action text not null, subject text not null, detail text not null, hash text not null, primary key (cid, seq))`,
  `create table audit_head (
    cid text primary key references company, seq integer not null, at integer not null, hash text not null)`,
];
