import type { Clock } from '#core/clock.ts';
import type { Logger } from '#core/host/log.ts';
import type { ServerConfig } from '../config.ts';
import type { Store } from '../store/database.ts';
import { Upkeep } from '../upkeep.ts';
import { AlertLoop } from './alert-loop.ts';
import { Alerts } from './alerts.ts';
import { openChannels } from './open-channels.ts';

const HOUR_MS = 3_600_000;

/** The part of the configuration that alerts stand on. */
export type AlertsConfig = Pick<
  ServerConfig,
  | 'zone'
  | 'alertChannels'
  | 'alertDigestSeconds'
  | 'alertTimeoutSeconds'
  | 'alertQuotaPercent'
  | 'alertUnseenDays'
>;

export interface RunningAlerts {
  /** Something was committed. */
  wake(): void;
  stop(): Promise<void>;
}

export interface StartAlertsServices {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Logger;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/**
 * Tells the channels of the configuration what happens, until it is stopped. A server that nobody wants alerts of
 * does nothing for them.
 *
 * @throws as openChannels
 */
export async function startAlerts(
  config: AlertsConfig,
  { store, clock, log, env }: StartAlertsServices,
): Promise<RunningAlerts> {
  if (config.alertChannels.length === 0) return { wake: () => {}, stop: async () => {} };
  const timeoutMs = config.alertTimeoutSeconds * 1000;
  const channels = await openChannels(config.alertChannels, { timeoutMs, env });
  const alerts = new Alerts({
    store,
    channels,
    clock,
    log,
    zone: config.zone,
    digestSeconds: config.alertDigestSeconds,
    timeoutMs,
    quotaPercent: config.alertQuotaPercent,
    unseenDays: config.alertUnseenDays,
    random: Math.random,
  });
  const loop = new AlertLoop(alerts, log);
  const upkeep = new Upkeep(
    [
      { name: 'alerts: ends', everyMs: HOUR_MS / 12, run: (ended) => alerts.noticeEnds(ended) },
      { name: 'alerts: silence', everyMs: 6 * HOUR_MS, run: (ended) => alerts.noticeSilence(ended) },
      { name: 'alerts: forget', everyMs: 6 * HOUR_MS, run: () => alerts.prune() },
    ],
    log,
  );
  return {
    wake: () => loop.wake(),
    async stop() {
      await upkeep.stop();
      await loop.stop();
      await Promise.all(channels.map((channel) => channel.close()));
    },
  };
}
