import type { ReportRow } from '../documents/usage-report.ts';
import type { Bilingual, Language } from '../errors.ts';

/** One figure of a report's row, and what people call it. */
export interface ReportFigure {
  readonly name: Bilingual;
  of(row: ReportRow): number;
}

const figure = (en: string, zh: string, of: ReportFigure['of']): ReportFigure => ({ name: { en, zh }, of });

/** The figures of a pool of seats, in reading order. */
export const SEAT_FIGURES: readonly ReportFigure[] = [
  figure('Opening seats', '期初额度', ({ opening }) => opening.seats),
  figure('Granted', '授权', ({ granted }) => granted),
  figure('Withdrawn', '撤回', ({ withdrawn }) => withdrawn),
  figure('Allocated', '分配', ({ allocated }) => allocated),
  figure('Taken back', '收回', ({ takenBack }) => takenBack),
  figure('Closing seats', '期末额度', ({ closing }) => closing.seats),
  figure('Opening used', '期初已用', ({ opening }) => opening.used),
  figure('Closing used', '期末已用', ({ closing }) => closing.used),
];

/** The figures of an App's licenses, in reading order. */
export const LICENSE_FIGURES: readonly ReportFigure[] = [
  figure('Opening licenses', '期初许可证', ({ opening }) => opening.licenses),
  figure('Activated', '激活', ({ activated }) => activated),
  figure('Expired', '到期', ({ expired }) => expired),
  figure('Revived', '到期后续期', ({ revived }) => revived),
  figure('Closing licenses', '期末许可证', ({ closing }) => closing.licenses),
  figure('Renewed', '续期', ({ renewed }) => renewed),
  figure('Transferred', '转移', ({ transferred }) => transferred),
  figure('Suspended', '暂停', ({ suspended }) => suspended),
  figure('Resumed', '恢复', ({ resumed }) => resumed),
  figure('Released', '释放', ({ released }) => released),
  figure('Minutes', '分钟', ({ minutes }) => minutes),
  figure('Minutes in all', '累计分钟', ({ closing }) => closing.minutes),
];

/** The names of figures, for the head of a table. */
export function namesOf(figures: readonly ReportFigure[], language: Language): string[] {
  return figures.map(({ name }) => name[language]);
}

/** The figures of a row, in their order. */
export function valuesOf(figures: readonly ReportFigure[], row: ReportRow): number[] {
  return figures.map((each) => each.of(row));
}
