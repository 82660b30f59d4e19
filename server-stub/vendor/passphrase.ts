import { LicenseError } from '#core/errors.ts';
import { readTextFile } from '#core/host/files.ts';
import type { VendorContext } from './context.ts';

const MINIMUM_CHARACTERS = 12;
const MAX_FILE_BYTES = 4096;

/**
 * The passphrase of a key: the first line of a file, else LICENSE_VENDOR_PASSPHRASE, else asked for without echo.
 *
 * @throws `passphrase_missing`, `file_unreadable`
 */
export async function readPassphrase(
  file: string | undefined,
  { env, person, terminal }: VendorContext,
): Promise<string> {
  const given = givenPassphrase(file, env);
  if (given !== undefined) return given;
  const question = { en: 'Passphrase of the root key: ', zh: '根密钥口令：' }[terminal.language];
  return present(await person?.askSecret(question));
}

/**
 * The passphrase for a new key, asked for twice where a person types it.
 *
 * @throws `passphrase_missing`, `passphrase_too_short`, `passphrases_differ`, `file_unreadable`
 */
export async function choosePassphrase(
  file: string | undefined,
  { env, person, terminal }: VendorContext,
): Promise<string> {
  const given = givenPassphrase(file, env);
  if (given !== undefined) return longEnough(given);
  const questions = {
    en: [`New passphrase (at least ${MINIMUM_CHARACTERS} characters): `, 'The same again: '],
    zh: [`新口令（至少 ${MINIMUM_CHARACTERS} 个字符）：`, '再次输入：'],
  }[terminal.language];
  const first = longEnough(present(await person?.askSecret(questions[0] ?? '')));
  const second = present(await person?.askSecret(questions[1] ?? ''));
  if (first !== second) throw new LicenseError('passphrases_differ');
  return first;
}

function givenPassphrase(file: string | undefined, env: VendorContext['env']): string | undefined {
  if (file !== undefined) return present(readTextFile(file, MAX_FILE_BYTES).split(/\r?\n/, 1)[0]);
  return env['LICENSE_VENDOR_PASSPHRASE'] || undefined;
}

function present(passphrase: string | undefined): string {
  if (!passphrase) throw new LicenseError('passphrase_missing');
  return passphrase;
}

function longEnough(passphrase: string): string {
  if ([...passphrase].length < MINIMUM_CHARACTERS) {
    throw new LicenseError('passphrase_too_short', { minimum: MINIMUM_CHARACTERS });
  }
  return passphrase;
}
