import { type ErrorCode, messageOf } from '#core/errors.ts';
import { answer, type Terminal } from '#core/host/cli.ts';
import { table } from '#core/host/table.ts';
import type { LicenseOutcome } from '../../licensing/change-licenses.ts';
import type { ActWish, LicenseVerb } from '../../licensing/license-acts.ts';
import type { LicenseRow } from '../../licensing/license-rows.ts';
import { LICENSE_WORDS } from './words.ts';

/** What comes of one row: first as it was looked at, then as it was carried out. */
export interface Result {
  readonly row: LicenseRow;
  /** Where its license was found. */
  readonly wish?: ActWish;
  outcome: LicenseOutcome;
  /** Whether it was carried out. */
  done?: boolean;
}

/** Longer lists show what was refused alone, and of that as many. */
const SHOWN = 20;

/** Says what came of each row: all of it as JSON, for people the rows of a short list, else those that were refused. */
export function answerResults(terminal: Terminal, verb: LicenseVerb, results: readonly Result[]): void {
  const { language } = terminal;
  const words = LICENSE_WORDS[language];
  const all = results.map((result) => spoken(result, terminal));
  const count = (result: string) => all.filter((each) => each.result === result).length;
  const [changed, unchanged, refused] = [count('changed'), count('unchanged'), count('refused')];
  const left = count('possible');

  const shown = all.length <= SHOWN ? all : all.filter(({ result }) => result === 'refused');
  const lines = shown
    .slice(0, SHOWN)
    .map((each) => [
      String(each.line ?? ''),
      each.license ?? each.name,
      each.licenseKey ?? '',
      each.message ?? words.results[each.result],
    ]);
  const rows = lines.length === 0 ? '' : table([words.resultHead, ...lines], terminal);
  const further = shown.length > SHOWN ? `${words.furtherRefused(shown.length - SHOWN)}\n` : '';
  const sum =
    left > 0 && changed === 0
      ? words.nothing(refused)
      : words.summary(verb, changed, unchanged, refused) + (left > 0 ? words.left(left) : '');
  const counts = { changed, unchanged, refused, left };
  answer(terminal, { verb, ...counts, results: all }, `${rows}${further}${sum}\n`);
}

/** One result, as JSON has it. */
interface Spoken {
  readonly line?: number | undefined;
  readonly name: string;
  /** `possible`: it would have been changed. */
  readonly result: 'changed' | 'unchanged' | 'possible' | 'refused';
  readonly license?: string;
  readonly licenseKey?: string;
  readonly error?: ErrorCode;
  readonly message?: string;
}

function spoken({ row: { line, name }, outcome, done = false }: Result, { language }: Terminal): Spoken {
  if (!outcome.ok) {
    const { error } = outcome;
    return { line, name, result: 'refused', error: error.code, message: messageOf(error, language) };
  }
  const { license, license_key: licenseKey } = outcome.license;
  const changed = done ? 'changed' : 'possible';
  return { line, name, result: outcome.changed ? changed : 'unchanged', license, licenseKey };
}
