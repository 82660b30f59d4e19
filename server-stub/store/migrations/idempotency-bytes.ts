/** What the replies of each company take, by the hour since 1970. */
export const idempotencyBytes: readonly string[] = [
  `create table idempotency_bytes (
    cid text not null, hour integer not null, bytes integer not null, primary key (cid, hour))`,
];
