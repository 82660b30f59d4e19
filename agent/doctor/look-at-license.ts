import { isoTime } from '#core/clock.ts';
import { LicenseError } from '#core/errors.ts';
import { isUsable } from '#core/evaluate.ts';
import { VERSION } from '#core/host/version.ts';
import type { AgentStatus } from '../client/local-answers.ts';
import { LicenseClient } from '../client.ts';
import type { AgentConfig } from '../config.ts';
import { offlineStatus } from '../offline-status.ts';
import type { CommonOptions, Environment } from '../options.ts';
import { socketsIn } from '../sockets.ts';
import { stateFiles } from '../state-files.ts';
import { stateNames } from '../state-names.ts';
import { AgentStore } from '../store/agent-store.ts';
import { type Finding, faultOf, finding } from './finding.ts';

const DAY = 86_400;
/** Before 2020 no clock is right. */
const EARLIEST = 1_577_836_800;
const SOON_DAYS = 14;

export interface LicenseLook {
  readonly findings: readonly Finding[];
  readonly status: AgentStatus | undefined;
}

/** The daemon, its store, the token that is held, and the clock beside it. */
export async function lookAtLicense(
  config: AgentConfig,
  options: CommonOptions,
  env: Environment,
  now: number,
): Promise<LicenseLook> {
  const { daemon, status: running } = await lookAtDaemon(config);
  const store = lookAtStore(config);
  let status = running;
  const token: Finding[] = [];
  try {
    status ??= await offlineStatus(options, env);
    token.push(stateOf(status));
  } catch (thrown) {
    token.push(faultOf('token', thrown));
  }
  return { findings: [...clockOf(now, status), daemon, store, ...token], status };
}

async function lookAtDaemon({ runtimeDir }: AgentConfig) {
  try {
    const status = await new LicenseClient({ socket: socketsIn(runtimeDir).agent }).status();
    if (status.agentVersion === VERSION)
      return {
        status,
        daemon: finding('daemon', 'ok', { en: `runs, version ${VERSION}`, zh: `运行中，版本 ${VERSION}` }),
      };
    const daemon = finding(
      'daemon',
      'warning',
      {
        en: `version ${status.agentVersion} runs, version ${VERSION} is installed`,
        zh: `运行的是版本 ${status.agentVersion}，已安装版本 ${VERSION}`,
      },
      { en: 'Restart the daemon.', zh: '请重新启动守护进程。' },
    );
    return { status, daemon };
  } catch (thrown) {
    return { status: undefined, daemon: faultOf('daemon', thrown) };
  }
}

function lookAtStore({ stateDir }: AgentConfig): Finding {
  const { store: file } = stateFiles(stateDir);
  try {
    const store = AgentStore.openReadonly(file);
    store?.close();
    return store === undefined
      ? finding('store', 'skipped', { en: 'there is none yet', zh: '尚未建立' })
      : finding('store', 'ok', { en: `${file} is sound`, zh: `${file} 完好` });
  } catch (thrown) {
    const unreadable = thrown instanceof LicenseError && thrown.code === 'store_unreadable';
    return faultOf('store', thrown, unreadable ? 'skipped' : 'fault');
  }
}

function stateOf({
  state,
  usableUntil,
  trustedTime,
  fault,
  faultDetail = {},
  enrolled,
}: AgentStatus): Finding {
  if (!isUsable(state)) {
    const code = state === 'invalid' ? (fault ?? 'unlicensed') : !enrolled ? 'not_enrolled' : state;
    return faultOf(
      'token',
      new LicenseError(code === 'active' || code === 'grace' ? 'unlicensed' : code, faultDetail),
    );
  }
  const days = Math.floor(((usableUntil ?? trustedTime) - trustedTime) / DAY);
  const end = usableUntil === null ? '?' : isoTime(usableUntil);
  const words = {
    en: `${stateNames[state].en}, usable offline until ${end} (${days} days)`,
    zh: `${stateNames[state].zh}，离线可用至 ${end}（${days} 天）`,
  };
  if (days >= SOON_DAYS && state === 'active') return finding('token', 'ok', words);
  return finding('token', 'warning', words, {
    en: 'Let the device reach its license server, or carry a request file there: license-agent request.',
    zh: '请让设备连接许可证服务器，或携带请求文件：license-agent request。',
  });
}

function clockOf(now: number, status: AgentStatus | undefined): Finding[] {
  const shown = isoTime(now);
  if (now < EARLIEST)
    return [
      finding(
        'clock',
        'warning',
        { en: `it says ${shown}`, zh: `显示为 ${shown}` },
        {
          en: 'Set the clock, or let it be set (NTP); the battery of its chip may be empty. The license goes on by its own mark.',
          zh: '请校准时钟或启用 NTP；时钟芯片的电池可能已耗尽。许可证依据自身的时间标记继续有效。',
        },
      ),
    ];
  if (status?.clockUnconfirmed)
    return [
      finding(
        'clock',
        'warning',
        { en: `it says ${shown}, which is not believed yet`, zh: `显示为 ${shown}，尚未采信` },
        {
          en: 'Set it right; a clock that jumped ahead is believed after an hour.',
          zh: '请校准时钟；向前跳变的时钟持续一小时后才会采信。',
        },
      ),
    ];
  return [finding('clock', 'ok', { en: shown, zh: shown })];
}
