import type { EpochSeconds } from '#core/clock.ts';
import { Day } from '#core/documents/usage-report.ts';
import { type Bilingual, LicenseError } from '#core/errors.ts';
import { startOfDay } from '#core/local-time.ts';
import { shapeProblem } from '#core/shapes.ts';

/** Whole days in a zone, and their bounds: `from` ≤ t < `to`. */
export interface ReportPeriod {
  readonly zone: string;
  readonly fromDay: string;
  /** Inclusive. */
  readonly toDay: string;
  readonly from: EpochSeconds;
  readonly to: EpochSeconds;
}

/**
 * The period of some days. Its last day may be the running one, which makes the report preliminary; a later day has
 * nothing to tell.
 *
 * @param fromDay first day, `2026-03-01`
 * @param toDay last day, inclusive
 * @throws `parameter_invalid`
 */
export function reportPeriod(fromDay: string, toDay: string, zone: string, now: EpochSeconds): ReportPeriod {
  const from = startOfDay(parseDay(fromDay, '--from'), zone);
  const last = parseDay(toDay, '--to');
  if (Temporal.PlainDate.compare(fromDay, last) > 0)
    invalid('--to', { en: `${toDay} comes before ${fromDay}`, zh: `${toDay} 早于 ${fromDay}` });
  if (startOfDay(last, zone) > now)
    invalid('--to', { en: `${toDay} has not begun yet (${zone})`, zh: `${toDay} 尚未开始（${zone}）` });
  return { zone, fromDay, toDay, from, to: startOfDay(last.add({ days: 1 }), zone) };
}

function parseDay(text: string, option: string): Temporal.PlainDate {
  try {
    if (shapeProblem(Day, text) === undefined) return Temporal.PlainDate.from(text, { overflow: 'reject' });
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
  }
  return invalid(option, {
    en: `"${text}" is not a day such as 2026-03-31`,
    zh: `“${text}”不是日期，应如 2026-03-31`,
  });
}

function invalid(name: string, problem: Bilingual): never {
  throw new LicenseError('parameter_invalid', { name, problem });
}
