/** Times as people of the server's place read them, with the offset shown: `2026-03-01 08:00 (GMT+8)`. */
export function timeOf(seconds: number | null, zone: string, language: string): string {
  if (seconds === null) return '–';
  const clock = new Intl.DateTimeFormat(language, {
    timeZone: zone,
    ...{ hour: '2-digit', minute: '2-digit', hourCycle: 'h23', timeZoneName: 'shortOffset' },
  });
  const part = (type: Intl.DateTimeFormatPartTypes) =>
    clock.formatToParts(seconds * 1000).find((each) => each.type === type)?.value ?? '';
  return `${dayOf(seconds, zone)} ${part('hour')}:${part('minute')} (${part('timeZoneName')})`;
}

/** The day alone, as ISO 8601 writes it: the same to everybody, and in order. */
export function dayOf(seconds: number | null, zone: string): string {
  if (seconds === null) return '–';
  const day = new Intl.DateTimeFormat('sv-SE', {
    timeZone: zone,
    ...{ year: 'numeric', month: '2-digit', day: '2-digit' },
  });
  return day.format(seconds * 1000);
}
