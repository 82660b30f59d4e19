/**
 * A row of a CSV file (RFC 4180). What a spreadsheet would take for a formula is kept from it by a leading `'`: the
 * LicenseKeys in it come from devices. {@link unguarded} takes it away again.
 */
export function csvRow(cells: readonly (string | number)[]): string {
  return `${cells.map((cell) => quoted(guarded(String(cell)))).join(',')}\r\n`;
}

/** Before a CSV file: without it spreadsheets take UTF-8 for the local encoding, and Chinese is garbled. */
export const BYTE_ORDER_MARK = '\ufeff';

const FORMULA = /^[=+\-@\t\r']/;

function guarded(cell: string): string {
  return FORMULA.test(cell) ? `'${cell}` : cell;
}

/** A cell as it was before it was guarded. */
export function unguarded(cell: string): string {
  return cell.startsWith("'") && FORMULA.test(cell.slice(1)) ? cell.slice(1) : cell;
}

function quoted(cell: string): string {
  return /[",\r\n]|^\s|\s$/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}
