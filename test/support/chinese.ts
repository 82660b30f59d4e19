import { type LicenseError, messageOf } from '#core/errors.ts';

/**
 * Runs of two or more English words in a Chinese text, which a reader of Chinese should not meet. What people typed or
 * other programs said stands in quotes; commands, paths and names are the same in every language.
 */
export function englishIn(chinese: string): string[] {
  const own = chinese
    .replace(/“[^”]*”|"[^"]*"/g, '“”')
    .replace(/license-(agent|server|vendor)( [\w.-]+)*/g, '')
    .replace(/\b[\w-]{20,}\b/g, '')
    .replace(/--[a-z-]+( [a-zA-Z]+)?/g, '')
    .replace(/\S*[/\\^]\S*/g, '');
  return own.match(/\b[A-Za-z]?[a-z]+(?: [a-z]{2,})+\b/g) ?? [];
}

/** Holds an error to its promise of being readable in Chinese. */
export function requireChinese(error: LicenseError): void {
  const message = messageOf(error, 'zh');
  const english = englishIn(message);
  if (english.length > 0) throw new Error(`English within Chinese: ${english.join(' | ')} — ${message}`);
}
