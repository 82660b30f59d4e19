import { accessSync, constants, existsSync, statfsSync, statSync } from 'node:fs';
import { codeOf, reasonOf } from '#core/host/reason.ts';
import type { AgentConfig } from '../config.ts';
import { socketsIn } from '../sockets.ts';
import { stateFiles } from '../state-files.ts';
import { type Finding, finding } from './finding.ts';

/** What the store and its log need to go on, in bytes. */
const LITTLE_BYTES = 10 * 1024 * 1024;

/** Whose files are what, and whether the disks take more. */
export function lookAtFiles({ stateDir, runtimeDir, vendorRootsFile }: AgentConfig): Finding[] {
  const files = stateFiles(stateDir);
  const { agent, admin } = socketsIn(runtimeDir);
  const modes = [
    ...modeOf(stateDir, 0o077),
    ...modeOf(files.deviceKey, 0o077),
    ...modeOf(files.enrollment, 0o077),
    ...modeOf(vendorRootsFile, 0o022),
    ...modeOf(agent, 0o007),
    ...modeOf(admin, 0o077),
  ];
  const fine = finding('permissions', 'ok', {
    en: 'the files are readable and writable for whom they should be',
    zh: '文件权限正确',
  });
  const roots = existsSync(vendorRootsFile)
    ? []
    : [
        finding(
          'permissions',
          'fault',
          { en: `${vendorRootsFile} does not exist`, zh: `${vendorRootsFile} 不存在` },
          {
            en: "The device maker's package brings it; without it nobody is believed.",
            zh: '该文件由设备厂商的软件包提供；没有它就无法信任任何人。',
          },
        ),
      ];
  return [
    ...(modes.length + roots.length === 0 ? [fine] : [...modes, ...roots]),
    ...diskOf(stateDir),
    ...diskOf(runtimeDir),
  ];
}

function modeOf(file: string, forbidden: number): Finding[] {
  try {
    const mode = statSync(file).mode & 0o777;
    if ((mode & forbidden) === 0) return [];
    const shown = mode.toString(8).padStart(4, '0');
    const allowed = (mode & ~forbidden).toString(8).padStart(4, '0');
    return [
      finding(
        'permissions',
        'fault',
        { en: `${file} has mode ${shown}`, zh: `${file} 的权限为 ${shown}` },
        { en: `chmod ${allowed} ${file}`, zh: `chmod ${allowed} ${file}` },
      ),
    ];
  } catch (cause) {
    if (codeOf(cause) !== 'EACCES') return [];
    const { en, zh } = reasonOf(cause);
    return [finding('permissions', 'skipped', { en: `${file}: ${en}`, zh: `${file}：${zh}` }, AS_ROOT)];
  }
}

const AS_ROOT = { en: "Run it as root or as the daemon's user.", zh: '请以 root 或守护进程的用户执行。' };

function diskOf(folder: string): Finding[] {
  if (!existsSync(folder)) return [];
  try {
    const { bavail, bsize, ffree, files } = statfsSync(folder);
    const free = bavail * bsize;
    const mebibytes = Math.floor(free / 1024 / 1024);
    const words = { en: `${folder}: ${mebibytes} MiB free`, zh: `${folder}：剩余 ${mebibytes} MiB` };
    const room = { en: 'Free some space on that disk.', zh: '请释放该磁盘的空间。' };
    if (free < LITTLE_BYTES || (files > 0 && ffree === 0))
      return [finding('disk', free === 0 || ffree === 0 ? 'fault' : 'warning', words, room)];
    accessSync(folder, constants.W_OK);
    return [finding('disk', 'ok', words)];
  } catch (cause) {
    if (codeOf(cause) === 'EACCES')
      return [
        finding(
          'disk',
          'skipped',
          { en: `${folder}: not writable by this user`, zh: `${folder}：当前用户不可写` },
          AS_ROOT,
        ),
      ];
    const { en, zh } = reasonOf(cause);
    return [
      finding(
        'disk',
        'fault',
        { en: `${folder}: ${en}`, zh: `${folder}：${zh}` },
        {
          en: 'Look into the log of the kernel (dmesg): a disk that fails is mounted read-only.',
          zh: '请查看内核日志（dmesg）：出错的磁盘会被挂载为只读。',
        },
      ),
    ];
  }
}
