import type { EpochSeconds } from '#core/clock.ts';
import { LicenseError } from '#core/errors.ts';
import { newId } from '#core/ids.ts';
import type { ServerConfig } from '../config.ts';
import { testMessage } from './compose-message.ts';
import { openChannels } from './open-channels.ts';

/**
 * Sends a test to a channel now, beside the queue; gives what the receiver answered.
 *
 * @param env holds the proxy variables
 * @throws `unknown_alert_channel`, `alert_undelivered`; as openChannels
 */
export async function sendTest(
  { alertChannels, alertTimeoutSeconds }: Pick<ServerConfig, 'alertChannels' | 'alertTimeoutSeconds'>,
  name: string,
  { now: at, env }: { now: EpochSeconds; env: Readonly<Record<string, string | undefined>> },
): Promise<string> {
  const wanted = alertChannels.filter((channel) => channel.name === name);
  const [channel] = await openChannels(wanted, { timeoutMs: alertTimeoutSeconds * 1000, env });
  if (channel === undefined) throw unknownChannel(name, alertChannels);
  try {
    const id = newId();
    const { signal } = new AbortController();
    const receipt = await (channel.audience === 'program'
      ? channel.send({ eventId: id, type: 'alert.test', at, data: { channel: name } }, at, signal)
      : channel.send(testMessage(id, channel.language), at, signal));
    if (!receipt.delivered)
      throw new LicenseError('alert_undelivered', { channel: name, problem: receipt.problem });
    return receipt.answer;
  } finally {
    await channel.close();
  }
}

/** A channel that is not there, and which are. */
export function unknownChannel(
  channel: string,
  channels: readonly { readonly name: string }[],
): LicenseError {
  const names = channels.map(({ name }) => name);
  const hint =
    names.length === 0
      ? { en: '; there are none', zh: '；目前没有通道' }
      : { en: `; there are: ${names.join(', ')}`, zh: `；现有通道：${names.join('、')}` };
  return new LicenseError('unknown_alert_channel', { channel, hint });
}
