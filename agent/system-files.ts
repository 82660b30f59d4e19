import { readdirSync, readFileSync } from 'node:fs';

/** A file that the kernel may or may not offer, and this user may or may not read; undefined where not. */
export function readIfThere(file: string, encoding: 'utf8' | 'latin1' = 'utf8'): string | undefined {
  try {
    return readFileSync(file, encoding);
  } catch {
    return undefined;
  }
}

/** The names in a folder; none where it is not there. */
export function listIfThere(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** One word in a text, as programs name themselves in files and variables; undefined where it is none. */
export function wordOf(text: string | undefined): string | undefined {
  return /^[a-z0-9_-]{1,64}$/.exec(text?.trim() ?? '')?.[0];
}
