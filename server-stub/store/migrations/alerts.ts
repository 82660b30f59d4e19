/** The queue of alerts, and how far the sources of events were read. */
export const alerts: readonly string[] = [
  `create table alert_cursor (cid text primary key references company, seq integer not null)`,
  `create table alert_scan (
    name text primary key, since integer not null, until integer not null, position text not null)`,
  `create table alert_told (subject text primary key, level integer not null, at integer not null)`,
  `create table alert_event (
    event_id text primary key, cid text not null, type text not null, stage integer not null, at integer not null,
    size integer not null, data text not null)`,
  `create index alert_event_by_time on alert_event (at)`,
  `create table alert_delivery (
    event_id text not null references alert_event, channel text not null,
    state text not null check (state in ('waiting', 'delivered', 'given_up')), since integer not null,
    next_at integer not null, attempts integer not null default 0, claimed_until integer not null default 0,
    ended_at integer, last_error text, primary key (event_id, channel))`,
  `create index alert_delivery_waiting on alert_delivery (channel, next_at) where state = 'waiting'`,
];
