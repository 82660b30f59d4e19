import { readTextFile } from '#core/host/files.ts';

/** The compact document in a file; space around it, as editors and mail leave it, is no part of it. */
export function readDocument(file: string): string {
  return readTextFile(file).trim();
}
