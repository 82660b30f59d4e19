import type { EpochSeconds } from '#core/clock.ts';
import type { ExitCode } from '#core/error-table.ts';
import { LicenseError } from '#core/errors.ts';
import { answer } from '#core/host/cli.ts';
import { table } from '#core/host/table.ts';
import { zonedTime } from '#core/local-time.ts';
import { describeLicense } from '#core/notation/describe-license.ts';
import { licenseDetail, TIMELINE } from '../../licensing/license-detail.ts';
import { licenseFacts } from '../../licensing/license-facts.ts';
import { resolveLicenses } from '../../licensing/resolve-licenses.ts';
import type { LicenseTable } from '../../store/schema.ts';
import { type CommandContext, now, withStore } from '../context.ts';
import { LICENSE_WORDS } from './words.ts';

export interface ShowOptions {
  app?: string;
  pid?: string;
}

/** `license-server license show`: all facts of one license, and what happened to it. */
export async function showLicense(
  context: CommandContext,
  name: string,
  { app, pid }: ShowOptions,
): Promise<ExitCode> {
  const { terminal, config } = context;
  const timeOf = (time: EpochSeconds) => zonedTime(time, config.zone);
  const { license, line, minutes, sessions, appName, timeline } = await withStore(context, async (store) => {
    const found = (await resolveLicenses(store.reader, [name], { appId: app, pid })).get(name);
    if (found === undefined || found instanceof LicenseError)
      throw found ?? new LicenseError('unknown_license');
    return licenseDetail(store.reader, found, now());
  });
  const at = now();
  const words = LICENSE_WORDS[terminal.language];
  const { facts } = words;
  const text = [
    table(
      [
        [facts.license, license.license],
        [facts.licenseKey, license.license_key],
        [facts.state, words.states[licenseFacts(license, at).state]],
        [facts.app, `${appName} (${license.app_id})`],
        [facts.company, license.cid],
        [facts.pid, license.pid],
        [facts.what, describeLicense(line, terminal.language)],
        [facts.activated, timeOf(license.activation_time)],
        [facts.until, timeOf(license.expire_time)],
        [facts.renewals, String(licenseFacts(license, at).renewals)],
        [facts.transfers, `${license.transfers}/${line.transfersPerYear}`],
        [facts.device, license.device_jkt ?? words.noDevice],
        [facts.lastSeen, license.last_seen_at === null ? words.never : timeOf(license.last_seen_at)],
        [facts.agent, license.agent_version ?? ''],
        [facts.minutes, String(minutes)],
        ...(sessions === undefined
          ? []
          : [[facts.sessions, words.leased(sessions.sessions, timeOf(sessions.until_at))]]),
        [facts.label, license.label],
        [facts.group, license.group_name],
      ],
      terminal,
    ),
    table(
      [
        words.timelineHead,
        ...timeline.map(({ at: time, action, actor, detail }) => [
          timeOf(time),
          action,
          actor,
          detailText(detail, license),
        ]),
      ],
      terminal,
    ),
    ...(timeline.length === TIMELINE ? [words.earlier(TIMELINE)] : []),
  ].join('\n');
  const { transfersPerYear } = line;
  const all = {
    ...licenseFacts(license, at),
    transfers: license.transfers,
    transfersPerYear,
    minutesUsed: minutes,
    sessions: sessions?.sessions ?? 0,
    sessionsUntil: sessions?.until_at ?? null,
  };
  answer(terminal, { license: all, timeline }, text);
  return 0;
}

/** What a row says beside what the license itself says. */
function detailText(
  detail: Readonly<Record<string, unknown>>,
  { app_id: appId, pid, license_key: licenseKey }: LicenseTable,
): string {
  const known: Readonly<Record<string, unknown>> = { appId, pid, licenseKey };
  return Object.entries(detail)
    .filter(([name, value]) => value !== known[name])
    .map(([name, value]) => `${name}=${typeof value === 'object' ? JSON.stringify(value) : value}`)
    .join(' ');
}
