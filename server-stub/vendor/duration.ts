import { DurationSeconds, shapeProblem } from '#core/shapes.ts';

const UNIT_SECONDS = { d: 86_400, h: 3_600, s: 1 } as const;
type Unit = keyof typeof UNIT_SECONDS;

/** Seconds of `5400`, `5400s`, `14d` or `1h`; undefined where the text is no duration of at most 100 years. */
export function parseDuration(text: string): number | undefined {
  const [, digits, unit] = /^([0-9]{1,12})([dhs]?)$/.exec(text) ?? [];
  if (digits === undefined) return undefined;
  const seconds = Number(digits) * UNIT_SECONDS[(unit || 's') as Unit];
  return shapeProblem(DurationSeconds, seconds) === undefined ? seconds : undefined;
}

/** Seconds in the largest unit that is exact: `90d`, `1h`, `45s`. */
export function formatDuration(seconds: number): string {
  const unit = (['d', 'h'] as const).find((each) => seconds > 0 && seconds % UNIT_SECONDS[each] === 0) ?? 's';
  return `${seconds / UNIT_SECONDS[unit]}${unit}`;
}
