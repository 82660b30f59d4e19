/** A number for each license of an App, so that a page far down a list is found without counting what is before it. */
export const licensePositions: readonly string[] = [
  `alter table license add column position integer not null default 0`,
  `update license set position = r.position from (
    select license, row_number() over (partition by app_id order by activation_time, license) as position
    from license) as r
    where license.license = r.license`,
  `create unique index license_by_position on license (app_id, position)`,
];
