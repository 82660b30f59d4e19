/** Times as people of the server's place read them, with the offset shown: `2026-03-01 08:00 GMT+8`. */
export function timeOf(seconds: number | null, zone: string, language: string): string {
  if (seconds === null) return '–';
  return new Intl.DateTimeFormat(language, {
    timeZone: zone,
    ...{ year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit' },
    hourCycle: 'h23',
    timeZoneName: 'shortOffset',
  }).format(seconds * 1000);
}

/** The day alone. */
export function dayOf(seconds: number | null, zone: string, language: string): string {
  if (seconds === null) return '–';
  return new Intl.DateTimeFormat(language, {
    timeZone: zone,
    ...{ year: 'numeric', month: '2-digit', day: '2-digit' },
  }).format(seconds * 1000);
}
