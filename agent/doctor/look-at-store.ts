import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { LicenseError } from '#core/errors.ts';
import { stateFiles } from '../state-files.ts';
import { AgentStore } from '../store/agent-store.ts';
import { listIfThere } from '../system-files.ts';
import { type Circumstances, isForbidden } from './circumstances.ts';
import { AS_ROOT, type Finding, faultOf, finding, MAY_NOT_LOOK } from './finding.ts';
import { storeFigures } from './store-figures.ts';

/** Whether the store can be read, is sound, and is the one that the daemon writes. */
export function lookAtStore({ config, device }: Circumstances): Finding {
  const { store: file } = stateFiles(config.stateDir);
  if (device instanceof LicenseError && isForbidden(device))
    return finding('store', 'skipped', MAY_NOT_LOOK, { remedy: AS_ROOT });
  try {
    const store = AgentStore.openReadonly(file);
    store?.close();
    if (store === undefined) return finding('store', 'skipped', { en: 'there is none yet', zh: '尚未建立' });
  } catch (thrown) {
    const isMine = thrown instanceof LicenseError && isForbidden(thrown);
    return isMine ? finding('store', 'skipped', MAY_NOT_LOOK, { remedy: AS_ROOT }) : faultOf('store', thrown);
  }
  const detail = { ...storeFigures(file) };
  if (existsSync(join(config.runtimeDir, 'agent.db.copy')))
    return finding(
      'store',
      'warning',
      {
        en: `${file} took no writes when the daemon started; it goes on with a copy until the next start`,
        zh: `守护进程启动时 ${file} 无法写入；在下次启动前使用副本`,
      },
      {
        remedy: {
          en: 'Make room on the disk or make it writable, then restart the daemon.',
          zh: '请释放磁盘空间或使其可写，然后重新启动守护进程。',
        },
        detail,
      },
    );
  const aside = listIfThere(config.stateDir).filter((name) => /^agent\.db\.damaged-\d+$/.test(name));
  if (aside.length > 0)
    return finding(
      'store',
      'warning',
      {
        en: `${file} is sound; an earlier one was damaged and moved aside: ${aside.join(' ')}`,
        zh: `${file} 完好；此前的数据库已损坏并被移开：${aside.join(' ')}`,
      },
      {
        remedy: {
          en: 'Remove it once nobody needs it to find the reason; where it happens again, replace the disk.',
          zh: '确认无需排查原因后即可删除；如再次发生，请更换磁盘。',
        },
        detail: { ...detail, aside },
      },
    );
  return finding('store', 'ok', { en: `${file} is sound`, zh: `${file} 完好` }, { detail });
}
