import type { Language } from '#core/errors.ts';
import type { AlertEvent, AlertLicense, AlertType } from './alert-event.ts';
import { MESSAGE_WORDS, timeIn } from './message-words.ts';

/** A message for people: plain text, so that nothing in it is taken for markup. */
export interface Message {
  /** The same for the same events, however often they are sent. */
  readonly id: string;
  readonly language: Language;
  readonly title: string;
  readonly lines: readonly string[];
}

/** What is told of in one part of a message: the same thing that happened to many. */
export interface Section {
  readonly type: AlertType;
  /** Days left, for what ends; days of silence; 0 for the rest. */
  readonly stage: number;
  /** Licenses, or whatever it is about, in all. */
  readonly count: number;
  /** Enough of the events to name {@link NAMES_SHOWN} of them. */
  readonly events: readonly AlertEvent[];
}

/** How many of a section are named; of the rest only the number is told. */
export const NAMES_SHOWN = 20;

export interface MessageSetting {
  readonly language: Language;
  /** Of the times in it. */
  readonly zone: string;
  readonly company: { readonly cid: string; readonly name: string };
  /** By App ID. */
  readonly appNames: ReadonlyMap<string, string>;
}

/** One message about all that happened at a company: counts, the first names, how many more. */
export function composeMessage(id: string, sections: readonly Section[], setting: MessageSetting): Message {
  const { language, company } = setting;
  const words = MESSAGE_WORDS[language];
  const lines = sections.flatMap((section, index) => {
    const named = section.events.flatMap((event) => linesOf(event, setting)).slice(0, NAMES_SHOWN);
    const rest = section.count - named.length;
    return [
      ...(index > 0 ? [''] : []),
      headline(section, language),
      ...named,
      ...(rest > 0 ? [words.more(rest)] : []),
    ];
  });
  return { id, language, title: words.title(company.name, company.cid), lines };
}

/** What `license-server alerts test` sends to people. */
export function testMessage(id: string, language: Language): Message {
  const words = MESSAGE_WORDS[language];
  return { id, language, title: words.testTitle, lines: [words.test] };
}

function headline({ type, stage, count }: Section, language: Language): string {
  const words = MESSAGE_WORDS[language];
  switch (type) {
    case 'license.activated':
      return words.activated(count);
    case 'license.expiring':
      return words.expiring(count, stage);
    case 'license.expired':
      return words.expired(count);
    case 'device.unseen':
      return words.unseen(count, stage);
    case 'quota.low':
      return words.quota;
    case 'renewal.exhausted':
      return words.renewal;
    case 'server.certificate_expiring':
      return words.certificate;
  }
}

function linesOf(event: AlertEvent, { language, zone, appNames }: MessageSetting): string[] {
  const words = MESSAGE_WORDS[language];
  const appOf = (appId: string) => appNames.get(appId) ?? appId;
  const named = (
    { appId, licenses }: { readonly appId: string; readonly licenses: readonly AlertLicense[] },
    line: (license: AlertLicense, app: string) => string,
  ) => licenses.slice(0, NAMES_SHOWN).map((license) => line(license, appOf(appId)));
  switch (event.type) {
    case 'license.activated':
    case 'license.expiring':
      return named(event.data, ({ licenseKey, expireTime }, app) =>
        words.ends(licenseKey, app, timeIn(zone, expireTime)),
      );
    case 'license.expired':
      return named(event.data, ({ licenseKey, expireTime }, app) =>
        words.ended(licenseKey, app, timeIn(zone, expireTime)),
      );
    case 'device.unseen':
      return named(event.data, ({ licenseKey, lastSeenAt = 0 }, app) =>
        words.seen(licenseKey, app, timeIn(zone, lastSeenAt)),
      );
    case 'quota.low': {
      const { appId, pid, used, granted, left } = event.data;
      return [words.pool(appId === null ? words.shared : appOf(appId), pid, used, granted, left)];
    }
    case 'renewal.exhausted': {
      const { appId, pid, waiting } = event.data;
      return [words.waiting(appOf(appId), pid, waiting)];
    }
    case 'server.certificate_expiring': {
      const { serial, expireTime, daysLeft } = event.data;
      return [words.certificateEnds(serial, timeIn(zone, expireTime), daysLeft)];
    }
  }
}
