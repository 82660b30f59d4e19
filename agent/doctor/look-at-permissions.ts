import { type Stats, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Bilingual } from '#core/errors.ts';
import { codeOf } from '#core/host/reason.ts';
import { identityFileOf } from '../device.ts';
import { socketsIn } from '../sockets.ts';
import { stateFiles } from '../state-files.ts';
import type { Circumstances } from './circumstances.ts';
import { AS_ROOT, type Finding, finding, MAY_NOT_LOOK } from './finding.ts';
import { groupOf } from './look-at-daemon.ts';

/** A file, and what its mode must not have. */
interface Rule {
  readonly file: string;
  readonly forbidden: number;
  /** Written by the daemon: it belongs to whom the stateDir belongs to. */
  readonly isDaemons?: boolean;
}

const OTHERS = 0o007;
const GROUP_AND_OTHERS = 0o077;
const OTHERS_WRITE = 0o002;
const STICKY = 0o1000;

/** Whether secrets are secret, and what is believed is written by those who may. Source: docs/devices.md, "Files and permissions". */
export function lookAtPermissions({ config, configFile }: Circumstances): Finding[] {
  const { stateDir, runtimeDir, vendorRootsFile } = config;
  const files = stateFiles(stateDir);
  const { agent, admin } = socketsIn(runtimeDir);
  const rules: Rule[] = [
    { file: stateDir, forbidden: GROUP_AND_OTHERS },
    ...[files.deviceKey, files.licenseKey, files.enrollment].map((file) => ({
      file,
      forbidden: GROUP_AND_OTHERS,
      isDaemons: true,
    })),
    // Nobody else comes as far as the store: its folder is closed.
    { file: files.store, forbidden: OTHERS_WRITE, isDaemons: true },
    { file: runtimeDir, forbidden: OTHERS_WRITE },
    { file: agent, forbidden: OTHERS, isDaemons: true },
    { file: admin, forbidden: GROUP_AND_OTHERS, isDaemons: true },
    { file: vendorRootsFile, forbidden: OTHERS_WRITE },
    { file: dirname(vendorRootsFile), forbidden: OTHERS_WRITE },
    { file: identityFileOf(config), forbidden: OTHERS_WRITE },
    ...(configFile === undefined ? [] : [{ file: configFile, forbidden: OTHERS_WRITE }]),
  ];
  const owner = statOf(stateDir);
  const daemon = owner === undefined || owner === 'forbidden' ? undefined : owner.uid;
  const findings = rules.flatMap((rule) => lookAtFile(rule, daemon));
  const hidden = rules.filter(({ file }) => statOf(file) === 'forbidden').map(({ file }) => file);
  if (hidden.length > 0)
    findings.push(
      finding(
        'permissions',
        'skipped',
        { en: `${hidden.join(' ')}: ${MAY_NOT_LOOK.en}`, zh: `${hidden.join(' ')}：${MAY_NOT_LOOK.zh}` },
        { remedy: AS_ROOT, detail: { files: hidden } },
      ),
    );
  const group = groupOf(agent);
  return findings.length > 0
    ? findings
    : [finding('permissions', 'ok', fine(group), { detail: { group: group ?? null } })];
}

function lookAtFile({ file, forbidden, isDaemons = false }: Rule, daemon: number | undefined): Finding[] {
  const stats = statOf(file);
  if (stats === undefined || stats === 'forbidden' || stats.isCharacterDevice()) return [];
  const mode = stats.mode & 0o7777;
  // In a folder like /tmp nobody replaces the file of another.
  const isSticky = stats.isDirectory() && (mode & STICKY) !== 0;
  if ((mode & forbidden) !== 0 && !isSticky) {
    const [shown, allowed] = [octal(mode), octal(mode & ~forbidden)];
    const command = `chmod ${allowed} ${file}`;
    return [
      finding(
        'permissions',
        'fault',
        { en: `${file} has mode ${shown}`, zh: `${file} 的权限为 ${shown}` },
        { remedy: { en: command, zh: command }, detail: { file, mode: shown, allowed } },
      ),
    ];
  }
  if (!isDaemons || daemon === undefined || stats.uid === daemon) return [];
  const command = `chown ${daemon} ${file}`;
  return [
    finding(
      'permissions',
      'fault',
      {
        en: `${file} belongs to user ${stats.uid}, and the stateDir to ${daemon}`,
        zh: `${file} 属于用户 ${stats.uid}，而 stateDir 属于用户 ${daemon}`,
      },
      { remedy: { en: command, zh: command }, detail: { file, owner: stats.uid, expectedOwner: daemon } },
    ),
  ];
}

function fine(group: string | undefined): Bilingual {
  if (group === undefined) return { en: 'the files are for whom they should be', zh: '文件权限正确' };
  return {
    en: `the files are for whom they should be; applications of group ${group} may ask`,
    zh: `文件权限正确；${group} 组的应用可以询问`,
  };
}

/** undefined where it is not there: others say so where it should be. */
function statOf(file: string): Stats | 'forbidden' | undefined {
  try {
    return statSync(file);
  } catch (cause) {
    return codeOf(cause) === 'EACCES' ? 'forbidden' : undefined;
  }
}

function octal(mode: number): string {
  return mode.toString(8).padStart(4, '0');
}
