/**
 * Whether this machine's time zone database knows the zone: an IANA name in its own spelling (`Asia/Shanghai`).
 * Offsets (`+08:00`), other capitals and dates with a zone in them, which Temporal takes too, are refused: the
 * zone is hashed into the PID, so one zone has one spelling.
 */
export function isKnownZone(zone: string): boolean {
  if (!/^[A-Z]/.test(zone)) return false;
  try {
    return Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(zone).timeZoneId === zone;
  } catch {
    return false;
  }
}
