/** Replies to calls that carried an Idempotency-Key. */
export const idempotency: readonly string[] = [
  `create table idempotency (
    cid text not null, route text not null, key text not null, request_hash text not null, reply text not null,
    at integer not null, primary key (cid, route, key))`,
  `create index idempotency_by_time on idempotency (at)`,
];
