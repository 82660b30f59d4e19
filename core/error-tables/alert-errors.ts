import { type ErrorEntry, entry, mistake } from './entry.ts';

/** Telling people and programs what happens. */
export const alertErrors = {
  unknown_alert_channel: mistake(
    2,
    'there is no alert channel "{channel}"{hint}',
    'Check the name: license-server alerts list.',
    '提醒通道“{channel}”不存在{hint}',
    '请检查名称：license-server alerts list。',
  ),
  alert_undelivered: entry(503, 1, true, [
    'channel {channel} did not take the alert: {problem}',
    'Check URL, secret and certificate of the channel, and what its receiver says.',
    '通道 {channel} 未接收提醒：{problem}',
    '请检查该通道的 URL、密钥、证书以及接收方的说明。',
  ]),
} satisfies Record<string, ErrorEntry>;
