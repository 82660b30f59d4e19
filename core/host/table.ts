import stringWidth from 'string-width';
import { printable } from './printable.ts';

/** Text, or a number: its column is aligned to the right. */
export type Cell = string | number;

export interface TableOptions {
  /**
   * Columns of the terminal. What does not fit beside the others goes on lines of its own below, so that the
   * terminal breaks no line in the middle of a word. Left out where a file or another program reads.
   */
  columns?: number | undefined;
}

const GAP = 2;
const INDENT = 4;

/** Rows in aligned columns, two spaces apart; what cannot be printed safely is shown as `\u{…}`. */
export function table(
  rows: readonly (readonly Cell[])[],
  { columns = Number.POSITIVE_INFINITY }: TableOptions = {},
): string {
  const widths: number[] = [];
  const numeric = new Set<number>();
  const cells = rows.map((row) =>
    row.map((cell, column) => {
      const text = printable(String(cell));
      widths[column] = Math.max(widths[column] ?? 0, stringWidth(text));
      if (typeof cell === 'number') numeric.add(column);
      return text;
    }),
  );
  const folds = foldColumns(widths, columns);
  const lineOf = (row: readonly string[], fold: readonly number[], indent: string): string =>
    `${indent}${fold
      .map((column) => pad(row[column] ?? '', widths[column] ?? 0, numeric.has(column)))
      .join(' '.repeat(GAP))}`;
  return cells
    .flatMap((row) => folds.map((fold, line) => lineOf(row, fold, ' '.repeat(line === 0 ? 0 : INDENT))))
    .map((line) => `${line.trimEnd()}\n`)
    .join('');
}

/** Which columns stand side by side: as many as fit, the rest below. */
function foldColumns(widths: readonly number[], columns: number): number[][] {
  const folds: number[][] = [];
  let room = 0;
  for (const [column, width] of widths.entries()) {
    const last = folds.at(-1);
    if (last !== undefined && GAP + width <= room) {
      last.push(column);
      room -= GAP + width;
    } else {
      room = columns - width - (last === undefined ? 0 : INDENT);
      folds.push([column]);
    }
  }
  return folds;
}

function pad(text: string, width: number, right: boolean): string {
  const space = ' '.repeat(width - stringWidth(text));
  return right ? space + text : text + space;
}
