import type { EpochSeconds } from '#core/clock.ts';

/** `createTime` of the contract: `YYYY-MM-DD HH:mm:ss` in a zone. Source: contract, Common "Times". */
export function createTime(at: EpochSeconds, zone: string): string {
  return Temporal.Instant.fromEpochMilliseconds(at * 1000)
    .toZonedDateTimeISO(zone)
    .toPlainDateTime()
    .toString({ smallestUnit: 'second' })
    .replace('T', ' ');
}
