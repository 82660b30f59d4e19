/** How the vendor's root was replaced since the server was made; version 1 is the one of its roots file. */
export const rootSuccession: readonly string[] = [
  `create table root_succession (
    version integer primary key check (version > 1), root text not null, spare text not null)`,
];
