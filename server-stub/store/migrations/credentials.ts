/** Names, rotation and last use of credentials; a company's own rate limit. */
export const credentials: readonly string[] = [
  `alter table credential add column label text not null default ''`,
  `alter table credential add column previous_hash text`,
  `alter table credential add column previous_until integer`,
  `alter table credential add column last_used_at integer`,
  `alter table company add column rate_limit_per_second integer check (rate_limit_per_second >= 0)`,
];
