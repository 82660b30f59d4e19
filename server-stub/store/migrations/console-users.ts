/** People who sign in to the Console, and where they are signed in. */
export const consoleUsers: readonly string[] = [
  `create table console_user (
    user_id text primary key, name text not null unique, role text not null check (role in ('admin', 'operator', 'viewer')),
    cid text references company, password_hash text not null, must_change integer not null, totp_secret text,
    totp_step integer not null default 0, failures integer not null default 0, locked_until integer not null default 0,
    created_at integer not null, disabled_at integer, signed_in_at integer, check (role <> 'admin' or cid is null))`,
  `create table console_session (
    token_hash text primary key, user_id text not null references console_user, created_at integer not null,
    seen_at integer not null, expires_at integer not null)`,
  'create index console_session_user on console_session (user_id)',
  'create index console_session_end on console_session (expires_at)',
];
