import { createHash } from 'node:crypto';
import type { Language } from '#core/errors.ts';
import type { Store } from '../store/database.ts';
import type { AlertEvent, AlertType } from './alert-event.ts';
import type { AlertQueue, ClaimedEvent } from './alert-queue.ts';
import { composeMessage, type Message, NAMES_SHOWN, type Section } from './compose-message.ts';

/** Makes one message of many events: only those are read whole whose licenses are named in it. */
export class Digests {
  readonly #store: Store;
  readonly #queue: AlertQueue;
  readonly #zone: string;

  constructor(store: Store, queue: AlertQueue, zone: string) {
    this.#store = store;
    this.#queue = queue;
    this.#zone = zone;
  }

  /** What happened at a company, for people. */
  async compose(cid: string, claimed: readonly ClaimedEvent[], language: Language): Promise<Message> {
    const groups = Map.groupBy(claimed, ({ type, stage }) => `${type} ${stage}`);
    const sections: Section[] = [];
    for (const group of groups.values()) {
      const [{ type, stage }] = group as [ClaimedEvent];
      const count = group.reduce((sum, { size }) => sum + size, 0);
      const events = await this.#queue.read(namedOf(group));
      sections.push({ type: type as AlertType, stage, count, events });
    }
    return composeMessage(idOf(claimed), sections, {
      language,
      zone: this.#zone,
      company: { cid, name: await this.#companyName(cid) },
      appNames: await this.#appNames(sections.flatMap(({ events }) => events.flatMap(appOf))),
    });
  }

  async #companyName(cid: string): Promise<string> {
    const { reader } = this.#store;
    const company = await reader
      .selectFrom('company')
      .select('name')
      .where('cid', '=', cid)
      .executeTakeFirst();
    return company?.name ?? cid;
  }

  async #appNames(ids: readonly string[]): Promise<Map<string, string>> {
    if (ids.length === 0) return new Map();
    const apps = await this.#store.reader
      .selectFrom('app')
      .select(['app_id', 'name'])
      .where('app_id', 'in', [...new Set(ids)])
      .execute();
    return new Map(apps.map(({ app_id, name }) => [app_id, name]));
  }
}

/** Of a group the first events, as many as it takes for the names. */
function namedOf(group: readonly ClaimedEvent[]): string[] {
  const ids: string[] = [];
  let names = 0;
  for (const { event_id, size } of group) {
    if (names >= NAMES_SHOWN) break;
    ids.push(event_id);
    names += size;
  }
  return ids;
}

function appOf({ data }: AlertEvent): string[] {
  return 'appId' in data && data.appId !== null ? [data.appId] : [];
}

/** The same events make the same message. */
function idOf(events: readonly ClaimedEvent[]): string {
  const ids = events.map(({ event_id }) => event_id).toSorted();
  return createHash('sha256').update(ids.join('\n')).digest('hex').slice(0, 32);
}
