import { readFileSync, statSync } from 'node:fs';
import type { Bilingual } from '#core/errors.ts';
import { LicenseError, messageOf } from '#core/errors.ts';
import { VERSION } from '#core/host/version.ts';
import { socketsIn } from '../sockets.ts';
import type { Circumstances } from './circumstances.ts';
import { AS_ROOT, type Finding, faultOf, finding } from './finding.ts';

/** Whether the daemon answers, and as the program that is installed. */
export function lookAtDaemon({ running, config }: Circumstances): Finding {
  const { agent } = socketsIn(config.runtimeDir);
  if (running instanceof LicenseError) {
    return running.code === 'socket_forbidden'
      ? finding(
          'daemon',
          'skipped',
          { en: messageOf(running, 'en'), zh: messageOf(running, 'zh') },
          { remedy: joinGroup(groupOf(agent)), detail: { error: running.code } },
        )
      : faultOf('daemon', running);
  }
  const { agentVersion } = running;
  const detail = { agentVersion, installedVersion: VERSION };
  if (agentVersion === VERSION)
    return finding(
      'daemon',
      'ok',
      { en: `runs, version ${VERSION}`, zh: `运行中，版本 ${VERSION}` },
      { detail },
    );
  return finding(
    'daemon',
    'warning',
    {
      en: `version ${agentVersion} runs, version ${VERSION} is installed`,
      zh: `运行的是版本 ${agentVersion}，已安装版本 ${VERSION}`,
    },
    { remedy: { en: 'Restart the daemon.', zh: '请重新启动守护进程。' }, detail },
  );
}

function joinGroup(group: string | undefined): Bilingual {
  if (group === undefined) return AS_ROOT;
  return {
    en: `Add this user to the group ${group}, or run it as root.`,
    zh: `请将当前用户加入 ${group} 组，或以 root 执行。`,
  };
}

/** The group whose members may ask at a socket, by name where it has one. */
export function groupOf(socket: string): string | undefined {
  try {
    const { gid } = statSync(socket);
    const lines = readFileSync('/etc/group', 'utf8').split('\n');
    return lines.map((line) => line.split(':')).find(([, , id]) => id === String(gid))?.[0] ?? String(gid);
  } catch {
    return undefined;
  }
}
