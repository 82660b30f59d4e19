import { accessSync, constants, existsSync } from 'node:fs';
import { join } from 'node:path';
import type { ComponentName } from '#core/device/fingerprint.ts';
import type { Bilingual } from '#core/errors.ts';
import { meaningful } from './identity.ts';
import { listIfThere, readIfThere } from './system-files.ts';

/** Where components stand that are one value in a file. */
const FILES: Partial<Record<ComponentName, readonly string[]>> = {
  boardSerial: ['sys/class/dmi/id/board_serial'],
  productUuid: ['sys/class/dmi/id/product_uuid'],
  socSerial: ['proc/device-tree/serial-number', 'sys/devices/soc0/serial_number'],
};

const NONE: Bilingual = { en: 'this system has none', zh: '本系统没有' };
const NEEDS_ROOT: Bilingual = {
  en: 'not readable by this user; as root: license-agent identity --collect',
  zh: '当前用户无权读取；请以 root 执行：license-agent identity --collect',
};

/** Why a component is not known: absent, not to be read, or a value that many devices have. Source: protocol, Identity. */
export function whyAbsent(component: ComponentName, root = '/'): Bilingual {
  if (component === 'macs') return whyNoCard(root);
  for (const file of FILES[component] ?? []) {
    const path = join(root, file);
    if (!existsSync(path)) continue;
    if (!isReadable(path)) return NEEDS_ROOT;
    const value = readIfThere(path)?.replaceAll('\0', '').trim() ?? '';
    if (value !== '' && meaningful(value) === undefined) return placeholder(value);
  }
  return NONE;
}

function whyNoCard(root: string): Bilingual {
  const cards = listIfThere(join(root, 'sys/class/net')).filter((card) => card !== 'lo');
  if (cards.length === 0) return NONE;
  const names = cards.slice(0, 5).join(' ');
  return {
    en: `${names}: no address of a real card (virtual, made up locally, or changed)`,
    zh: `${names}：不是真实网卡的固定地址（虚拟、本地生成或已更改）`,
  };
}

function isReadable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK);
    return true;
  } catch {
    return false;
  }
}

function placeholder(value: string): Bilingual {
  const text = value.slice(0, 64);
  return { en: `"${text}" is a placeholder, which many devices have`, zh: `“${text}”为占位值，许多设备相同` };
}
