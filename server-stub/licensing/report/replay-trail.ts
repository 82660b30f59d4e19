import type { Kysely } from 'kysely';
import type { Validity } from '#core/catalog.ts';
import type { EpochSeconds } from '#core/clock.ts';
import type { AuditTable, LicenseState, Schema } from '../../store/schema.ts';
import { SHARED } from '../quota.ts';
import { type Figures, type Measure, type Owner, ownerOfRenewals } from './figures.ts';
import { countHistory, countRenewal, type LicenseHistory } from './license-history.ts';
import { Pools } from './pools.ts';
import type { VendorLine } from './vendor-lines.ts';

/** What rows about grants, quota and licenses say; each verb writes its part. */
interface Detail {
  readonly appId?: string;
  readonly pid?: string;
  readonly count?: number;
  readonly licenseKey?: string;
  readonly toLicenseKey?: string;
  readonly termsId?: string;
  readonly at?: EpochSeconds;
  readonly previousExpireTime?: EpochSeconds;
  /** Where the row changed it. */
  readonly previousState?: LicenseState;
  readonly lines?: readonly GrantLine[];
  readonly replaces?: string;
  /** Grants that were brought back to the row's time. */
  readonly grants?: number;
  /** Minutes by the quarter of an hour in which they were reported. */
  readonly quarters?: readonly (readonly [at: EpochSeconds, minutes: number])[];
}

interface GrantLine {
  readonly kind: 'purchase' | 'renewal';
  readonly termsId: string;
  readonly pid: string;
  readonly count: number;
  readonly appId?: string;
}

/** Seats or renewals that a grant brought or took away. */
interface Feed {
  readonly owner: Owner;
  readonly at: EpochSeconds;
  readonly measure: 'granted' | 'withdrawn';
  readonly count: number;
}

interface Happening {
  readonly at: EpochSeconds;
  readonly subject: string;
  readonly detail: Detail;
  readonly owner: Owner;
}

/** A license whose times are corrected later, as it stands so far. */
interface Watched {
  readonly owner: Owner;
  /** Where its seat was taken. */
  readonly pool: Owner;
  history: LicenseHistory;
}

/**
 * Lives the history of a company again, row by row, and adds up its figures: pools are filled and drained by the
 * rules of the verbs, so that at the end they must stand as the tables do. What it remembers grows with PIDs, Apps
 * and grants, never with licenses. Source: design, Server "Quota" and "Audit".
 */
export class TrailReplay {
  readonly #figures: Figures;
  readonly #lines: ReadonlyMap<string, VendorLine>;
  readonly #validities: ReadonlyMap<string, Validity>;
  readonly #pools: Pools;
  readonly #grants = new Map<string, readonly GrantLine[]>();
  #feeds: Feed[] = [];
  readonly #watched = new Map<string, Watched | undefined>();

  /** @param corrected licenses that {@link correctedLicenses} names: their history is remembered */
  constructor(figures: Figures, lines: ReadonlyMap<string, VendorLine>, corrected: readonly string[]) {
    this.#figures = figures;
    this.#lines = lines;
    this.#pools = new Pools(figures);
    // A PID says its validity: it is hashed into it.
    const purchases = [...lines.values()].filter(({ terms }) => terms.kind === 'purchase');
    this.#validities = new Map(purchases.map(({ terms }) => [terms.pid, terms.validity]));
    for (const license of corrected) this.#watched.set(license, undefined);
  }

  /** Rows that change no figure (bindings, credentials, settings …) are not even parsed. */
  apply({ at, action, subject, detail: text }: AuditTable): void {
    const count = this.#verbs[action];
    if (count === undefined) return;
    const detail: Detail = JSON.parse(text);
    const { pid = '', appId = SHARED } = detail;
    count({ at, subject, detail, owner: { pid, appId } });
  }

  /** What is counted, by action. */
  readonly #verbs: Readonly<Record<string, (happening: Happening) => void>> = {
    'grant.import': (happening) => this.#importGrant(happening),
    'clock.accept': (happening) => this.#acceptClock(happening),
    'quota.allocate': ({ at, owner, detail: { count = 0 } }) => {
      this.#figures.add(owner, 'allocated', at, count);
      this.#pools.move(owner, at, count);
    },
    'quota.take_back': ({ at, owner, detail: { count = 0 } }) => {
      this.#figures.add(owner, 'takenBack', at, count);
      this.#pools.move(owner, at, -count);
    },
    // Source: settle-minutes.ts.
    'usage.settle': ({ owner, detail: { quarters = [] } }) => {
      for (const [at, minutes] of quarters) this.#figures.add(owner, 'minutes', at, minutes);
    },
    'license.activate': (happening) => this.#activate(happening),
    'license.renew': (happening) => this.#renew(happening),
    'license.correct': (happening) => this.#correct(happening),
    'license.transfer': (happening) => this.#transfer(happening),
    'license.suspend': (happening) => this.#changeState(happening, 'suspended', 'active', 'suspended'),
    'license.release': (happening) => this.#changeState(happening, 'released', 'active', 'released'),
    // Without a word about it, it was a device that took up what it had given up.
    'license.resume': (happening) => this.#changeState(happening, 'resumed', 'released', 'active'),
  };

  /** Lines fill pools; those of a grant that is replaced are taken away again. Source: replace-lines.ts. */
  #importGrant({ at, subject, detail: { lines = [], replaces = '' } }: Happening): void {
    this.#grants.set(subject, lines);
    for (const line of lines) this.#feed(line, at, 'granted', 1);
    for (const line of this.#grants.get(replaces) ?? []) this.#feed(line, at, 'withdrawn', -1);
    this.#grants.delete(replaces);
  }

  #feed(
    { kind, termsId, pid, count, appId = SHARED }: GrantLine,
    at: EpochSeconds,
    measure: Feed['measure'],
    sign: 1 | -1,
  ) {
    const signed = this.#lines.get(termsId)?.terms;
    if (kind === 'purchase') {
      this.#count({ owner: { pid, appId }, at, measure, count });
      this.#pools.fill({ pid, appId }, at, sign * count);
    } else if (signed?.kind === 'renewal') {
      this.#count({ owner: ownerOfRenewals(signed), at, measure, count });
    }
  }

  #count(feed: Feed): void {
    this.#figures.add(feed.owner, feed.measure, feed.at, feed.count);
    this.#feeds.push(feed);
  }

  /** Grants of a future that never was count from the row's time on. Source: accept-clock.ts. */
  #acceptClock({ at: now, detail: { grants = 0 } }: Happening): void {
    // Rows of earlier programs brought none back.
    if (grants === 0) return;
    const feeds = this.#feeds;
    this.#feeds = [];
    for (const feed of feeds) {
      const { owner, at, measure, count } = feed;
      if (at > now) {
        const seats = measure === 'granted' ? count : -count;
        this.#figures.add(owner, measure, at, -count);
        if (owner.renewId === undefined) this.#pools.redate(owner, at, now, seats);
      }
      if (at > now) this.#count({ ...feed, at: now });
      else this.#feeds.push(feed);
    }
  }

  #activate({ at, subject: license, detail: { licenseKey = '' }, owner }: Happening): void {
    const pool = this.#pools.take(owner, at);
    const history = { license, activationTime: at, renewals: [] };
    this.#countHistory(owner, history, 1);
    this.#figures.fact(owner, 1, 'key', license, licenseKey);
    if (this.#watched.has(license)) this.#watched.set(license, { owner, pool, history });
  }

  #renew({ at: rowAt, subject: license, detail, owner }: Happening): void {
    const { termsId = '', at = rowAt, previousExpireTime = 0 } = detail;
    const renewal = { termsId, at };
    countRenewal(this.#figures, owner, license, renewal, previousExpireTime, this.#lines);
    const watched = this.#watched.get(license);
    if (watched === undefined) return;
    watched.history = { ...watched.history, renewals: [...watched.history.renewals, renewal] };
  }

  /** Brings back to the row's time what lies after it. Source: accept-clock.ts. */
  #correct({ at: now, subject: license }: Happening): void {
    const watched = this.#watched.get(license);
    if (watched === undefined) return;
    const { owner, pool, history } = watched;
    const activationTime = Math.min(history.activationTime, now);
    const renewals = history.renewals.map(({ termsId, at }) => ({ termsId, at: Math.min(at, now) }));
    watched.history = { license, activationTime, renewals };
    this.#figures.add(pool, 'used', history.activationTime, -1);
    this.#figures.add(pool, 'used', activationTime, 1);
    this.#countHistory(owner, history, -1);
    this.#countHistory(owner, watched.history, 1);
  }

  #countHistory(owner: Owner, history: LicenseHistory, count: 1 | -1): void {
    const validity = this.#validities.get(owner.pid);
    // Without a line of the vendor nothing is counted, and the tables disagree.
    if (validity === undefined) return;
    countHistory(this.#figures, owner, history, validity, this.#lines, count);
  }

  /** A released license becomes active with its new LicenseKey. */
  #transfer(happening: Happening): void {
    const { subject: license, owner, detail } = happening;
    const { licenseKey = '', toLicenseKey = '' } = detail;
    this.#figures.fact(owner, -1, 'key', license, licenseKey);
    this.#figures.fact(owner, 1, 'key', license, toLicenseKey);
    this.#changeState(happening, 'transferred', 'active', 'active');
  }

  /** @param usual the state before, where the row does not say it */
  #changeState(
    { at, subject, owner, detail }: Happening,
    measure: Measure,
    usual: LicenseState,
    to: LicenseState,
  ) {
    this.#figures.add(owner, measure, at, 1);
    const from = detail.previousState ?? usual;
    if (from === to) return;
    this.#figures.fact(owner, -1, from, subject);
    this.#figures.fact(owner, 1, to, subject);
  }
}

/** Licenses whose times were corrected once, when a clock was accepted that ran behind the trail. */
export async function correctedLicenses(db: Kysely<Schema>, cid: string): Promise<string[]> {
  const rows = await db
    .selectFrom('audit')
    .select('subject')
    .distinct()
    .where('cid', '=', cid)
    .where('action', '=', 'license.correct')
    .execute();
  return rows.map(({ subject }) => subject);
}
