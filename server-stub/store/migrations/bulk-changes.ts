/** Changes of many licenses at once, and what became of each. */
export const bulkChanges: readonly string[] = [
  `create table bulk_change (
    bulk_id text primary key, cid text references company, user_name text not null, verb text not null,
    wish text not null, source text not null, place text not null default '',
    state text not null check (state in ('gathering', 'ready', 'running', 'ended', 'cancelled')),
    fits integer not null default 0, same integer not null default 0, refused integer not null default 0,
    changed integer not null default 0, failed integer not null default 0,
    created_at integer not null, ended_at integer)`,
  'create index bulk_change_by_time on bulk_change (created_at)',
  `create table bulk_item (
    bulk_id text not null references bulk_change, position integer not null, name text not null, license text,
    wish text not null, outcome text not null check (outcome in ('fits', 'same', 'refused', 'changed', 'failed')),
    problem text, before text, primary key (bulk_id, position))`,
  'create index bulk_item_by_license on bulk_item (bulk_id, license)',
];
