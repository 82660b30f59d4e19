import { accessSync, constants, statfsSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { type Bilingual, LicenseError } from '#core/errors.ts';
import { reasonOf } from '#core/host/reason.ts';
import { isInMemory, mountOf } from '../mount-of.ts';
import type { Circumstances } from './circumstances.ts';
import { about, type Finding, finding } from './finding.ts';

/** What the store and its log need to go on, in bytes. */
const LITTLE_BYTES = 10 * 1024 * 1024;
const MIB = 1024 * 1024;

/** Whether the disks of the daemon's folders take more, and keep it. */
export function lookAtDisk({ config, identity, root }: Circumstances): Finding[] {
  const environment = identity instanceof LicenseError ? undefined : identity.environment;
  const { stateDir, runtimeDir } = config;
  return [
    lookAtFolder(stateDir, root) ??
      lookWhetherKept(stateDir, environment?.kind === 'container', root) ??
      roomOf(stateDir),
    lookAtFolder(runtimeDir, root) ?? roomOf(runtimeDir),
  ];
}

/** What is wrong with a folder's disk; undefined where nothing is. */
function lookAtFolder(folder: string, root: string): Finding | undefined {
  const path = existing(folder);
  const mount = mountOf(path, root);
  const detail = { folder, mountPoint: mount?.mountPoint ?? null, fileSystem: mount?.type ?? null };
  if (mount?.isReadonly)
    return finding('disk', 'fault', about(folder, READONLY), { remedy: REMOUNT, detail });
  try {
    const { bavail, bsize, ffree, files } = statfsSync(path);
    const free = bavail * bsize;
    const isWithoutInodes = files > 0 && ffree === 0;
    if (free < LITTLE_BYTES || isWithoutInodes) {
      const words = isWithoutInodes
        ? { en: 'no more files can be made (inodes)', zh: '无法再创建文件（inode 已用尽）' }
        : freeWords(free);
      const outcome = free < bsize || isWithoutInodes ? 'fault' : 'warning';
      return finding('disk', outcome, about(folder, words), {
        remedy: MAKE_ROOM,
        detail: { ...detail, freeBytes: free },
      });
    }
    // Root may write everywhere but where nobody can; others are told by permissions.
    if (process.getuid?.() === 0) accessSync(path, constants.W_OK);
    return undefined;
  } catch (cause) {
    return finding('disk', 'fault', about(folder, reasonOf(cause)), { remedy: REMOUNT, detail });
  }
}

/** A stateDir that is gone at the next start takes device key and LicenseKey along. */
function lookWhetherKept(folder: string, isContainer: boolean, root: string): Finding | undefined {
  const mount = mountOf(existing(folder), root);
  if (mount === undefined) return undefined;
  const detail = { folder, mountPoint: mount.mountPoint, fileSystem: mount.type };
  if (isInMemory(mount, root))
    return finding('disk', 'warning', about(folder, IN_MEMORY), { remedy: KEEP, detail });
  if (isContainer && mount.mountPoint === '/' && mount.type === 'overlay')
    return finding('disk', 'warning', about(folder, IN_CONTAINER), { remedy: USE_VOLUME, detail });
  return undefined;
}

function roomOf(folder: string): Finding {
  const { bavail, bsize } = statfsSync(existing(folder));
  const free = bavail * bsize;
  return finding('disk', 'ok', about(folder, freeWords(free)), { detail: { folder, freeBytes: free } });
}

/** A folder that is not there yet will be made where its nearest parent is. */
function existing(folder: string): string {
  const path = resolve(folder);
  try {
    statSync(path);
    return path;
  } catch {
    return path === '/' ? path : existing(dirname(path));
  }
}

function freeWords(bytes: number): Bilingual {
  const mebibytes = Math.floor(bytes / MIB);
  return { en: `${mebibytes} MiB free`, zh: `剩余 ${mebibytes} MiB` };
}

const READONLY: Bilingual = { en: 'the disk is read-only', zh: '磁盘为只读' };
const IN_MEMORY: Bilingual = {
  en: 'it is in memory: device key and LicenseKey are made anew at each start',
  zh: '位于内存：每次启动都会重新生成设备密钥与 LicenseKey',
};
const IN_CONTAINER: Bilingual = {
  en: 'it lives as long as this container: the next one makes a device key of its own',
  zh: '与容器同生命周期：新的容器会生成自己的设备密钥',
};
const REMOUNT: Bilingual = {
  en: 'Look into the log of the kernel (dmesg): a disk that fails is mounted read-only. A root that is read-only by design needs a stateDir on another disk.',
  zh: '请查看内核日志（dmesg）：出错的磁盘会被挂载为只读。根文件系统按设计为只读时，请将 stateDir 放在其他磁盘上。',
};
const MAKE_ROOM: Bilingual = {
  en: 'Make room on that disk.',
  zh: '请释放该磁盘的空间。',
};
const KEEP: Bilingual = {
  en: 'Put the stateDir on a disk (stateDir in agent.toml).',
  zh: '请将 stateDir 放在磁盘上（agent.toml 中的 stateDir）。',
};
const USE_VOLUME: Bilingual = { en: 'Put the stateDir on a volume.', zh: '请将 stateDir 放在卷上。' };
