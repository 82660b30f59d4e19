import { accessSync, constants, existsSync } from 'node:fs';
import { join } from 'node:path';
import * as Type from 'typebox';
import type { Bilingual } from '#core/errors.ts';
import { readIfThere } from './system-files.ts';

/** Something that was seen of a machine and does not count, and why. */
export const IgnoredValue = Type.Object({
  /** A file below the root, or a network card. */
  at: Type.String({ minLength: 1, maxLength: 256 }),
  /**
   * `placeholder`: many devices have it. `unreadable` by this user. Of network cards: `virtual`, no hardware behind it;
   * `changed`, not the address it was made with; `local`, made up and given by no vendor. `silent`: a TPM 2.0.
   */
  why: Type.Enum(['placeholder', 'unreadable', 'virtual', 'changed', 'local', 'silent']),
  value: Type.Optional(Type.String({ maxLength: 64 })),
});
export type IgnoredValue = Type.Static<typeof IgnoredValue>;

const MOST_SHOWN = 64;

/** Why a file that holds one value does not count; undefined where it is not there or empty. */
export function ignoredFile(root: string, file: string): IgnoredValue | undefined {
  const path = join(root, file);
  if (!existsSync(path)) return undefined;
  if (!isReadable(path)) return { at: file, why: 'unreadable' };
  const value = readIfThere(path)?.replaceAll('\0', '').trim() ?? '';
  return value === '' ? undefined : { at: file, why: 'placeholder', value: value.slice(0, MOST_SHOWN) };
}

/** In words: what was seen, and why it does not count. */
export function ignoredText({ at, why, value = '' }: IgnoredValue): Bilingual {
  const { en, zh } = REASONS[why];
  const name = at.includes('/') ? '' : at;
  const shown = { en: name || (value && `"${value}"`) || at, zh: name || (value && `“${value}”`) || at };
  return { en: `${shown.en} ${en}`, zh: `${shown.zh} ${zh}` };
}

const REASONS: Readonly<Record<IgnoredValue['why'], Bilingual>> = {
  placeholder: { en: 'is a placeholder, which many devices have', zh: '为占位值，许多设备相同' },
  unreadable: {
    en: 'is not readable by this user; as root: license-agent identity --collect',
    zh: '当前用户无权读取；请以 root 执行：license-agent identity --collect',
  },
  virtual: { en: 'is virtual, no card is behind it', zh: '为虚拟网卡，没有对应硬件' },
  changed: { en: 'does not have the address it was made with', zh: '的地址不是出厂地址' },
  local: {
    en: 'has an address that was made up locally, not given by a vendor',
    zh: '的地址为本地生成，并非厂商分配',
  },
  silent: {
    en: 'is there, but shows its key to programs of its own only',
    zh: '存在，但其密钥只能由专用软件读取',
  },
};

function isReadable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK);
    return true;
  } catch {
    return false;
  }
}
