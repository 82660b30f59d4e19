import { addValidity } from '#core/calendar.ts';
import type { Terms } from '#core/documents/terms.ts';

const YEAR = 365 * 86_400;

/** The shared pool's name among Apps. */
export const SHARED = '';

export interface ModelLicense {
  readonly appId: string;
  readonly pid: string;
  licenseKey: string;
  state: 'active' | 'suspended' | 'released';
  expireTime: number;
  renewals: number;
  transfers: number;
  transfersSince: number;
}

export interface ModelLine {
  readonly terms: Terms;
  readonly grantId: string;
  readonly appId: string;
  used: number;
  withdrawn: boolean;
}

interface ModelPool {
  granted: number;
  used: number;
}

/** What is moved in one wave: an outcome is `ok` or the code of the refusal. */
export type Step =
  | { readonly verb: 'activate'; readonly appId: string; readonly pid: string; readonly licenseKey: string }
  | {
      readonly verb: 'allocate' | 'takeBack';
      readonly appId: string;
      readonly pid: string;
      readonly count: number;
    }
  | { readonly verb: 'renew'; readonly of: number; readonly renewId: string }
  | { readonly verb: 'suspend' | 'resume' | 'release'; readonly of: number }
  | { readonly verb: 'transfer'; readonly of: number; readonly toLicenseKey: string };

/**
 * What a company's quota must be, in the plainest words: no batches, no sets, one step after the other. Licenses are
 * numbered in the order in which they were made.
 */
export class QuotaModel {
  readonly licenses: ModelLicense[] = [];
  readonly lines: ModelLine[] = [];
  readonly replaced = new Set<string>();
  readonly grants: string[] = [];
  readonly #pools = new Map<string, Map<string, ModelPool>>();
  readonly #withoutPreallocation: ReadonlySet<string>;

  constructor(withoutPreallocation: readonly string[]) {
    this.#withoutPreallocation = new Set(withoutPreallocation);
  }

  get pools(): ReadonlyMap<string, ReadonlyMap<string, Readonly<ModelPool>>> {
    return this.#pools;
  }

  step(step: Step, now: number): string {
    if ('of' in step) {
      const license = this.licenses[step.of];
      return license === undefined ? 'unknown_license' : this.#change(license, step, now);
    }
    if (step.verb === 'activate') return this.#activate(step, now);
    return step.verb === 'allocate' ? this.#allocate(step) : this.#takeBack(step);
  }

  /** Takes a grant; `grant_below_used` changes nothing. */
  import(grantId: string, terms: readonly Terms[], replaces?: string): string {
    const added = terms.map((line) => ({
      ...{ terms: line, grantId, appId: line.appId ?? SHARED, used: 0, withdrawn: false },
    }));
    const gone = this.lines.filter((line) => line.grantId === replaces && !line.withdrawn);
    for (const line of gone) if (!moveUse(line, added)) return 'grant_below_used';
    const kept = this.lines.filter((line) => !gone.includes(line));

    const pids = new Set([...gone, ...added].filter(isPurchase).map(({ terms: { pid } }) => pid));
    const sizes = [...pids].map((pid) => [pid, this.#settle(pid, [...kept, ...added])] as const);
    if (sizes.some(([, size]) => size === undefined)) return 'grant_below_used';

    for (const line of gone) Object.assign(line, { used: 0, withdrawn: true });
    this.lines.push(...added);
    this.grants.push(grantId);
    if (replaces !== undefined) this.replaced.add(replaces);
    for (const [pid, size] of sizes)
      for (const [appId, granted] of size ?? []) this.#pool(pid, appId).granted = granted;
    return 'ok';
  }

  /** How large each App's pool has to be by these lines; undefined where the shared ones are too few. */
  #settle(pid: string, lines: readonly ModelLine[]): Map<string, number> | undefined {
    const pools = this.#pools.get(pid) ?? new Map<string, ModelPool>();
    const size = new Map<string, number>();
    const ofPid = lines.filter((line) => isPurchase(line) && !line.withdrawn && line.terms.pid === pid);
    const shared = sum(ofPid.filter(({ appId }) => appId === SHARED));
    let free = shared.count;
    for (const appId of new Set([...pools.keys(), ...ofPid.map((line) => line.appId)])) {
      if (appId === SHARED) continue;
      const own = sum(ofPid.filter((line) => line.appId === appId));
      const pool = pools.get(appId) ?? { granted: 0, used: 0 };
      const allocated = Math.max(pool.granted - this.#own(pid, appId).count, pool.used - own.used);
      size.set(appId, own.count + allocated);
      free -= allocated;
    }
    size.set(SHARED, free);
    return free < (pools.get(SHARED)?.used ?? 0) ? undefined : size;
  }

  #activate({ appId, pid, licenseKey }: Step & { verb: 'activate' }, now: number): string {
    const existing = this.#holder(appId, pid, licenseKey);
    if (existing !== undefined) {
      if (existing.state === 'suspended') return 'suspended';
      if (now >= existing.expireTime) return 'license_expired';
      existing.state = 'active';
      return 'ok';
    }
    if (!this.#pools.has(pid)) return 'unknown_pid';
    const pool = [this.#pool(pid, appId), this.#pool(pid, SHARED)].find(
      ({ granted, used }) => used < granted,
    );
    if (pool === undefined) return 'quota_exhausted';
    const line = this.#lineLeft(appId, (candidate) => isPurchase(candidate) && candidate.terms.pid === pid);
    if (line === undefined) throw new Error('a free seat without a line');
    pool.used += 1;
    line.used += 1;
    const expireTime = addValidity(now, line.terms.validity);
    this.licenses.push({
      ...{
        appId,
        pid,
        licenseKey,
        state: 'active',
        expireTime,
        renewals: 0,
        transfers: 0,
        transfersSince: 0,
      },
    });
    return 'ok';
  }

  #allocate({ appId, pid, count }: Step & { verb: 'allocate' | 'takeBack' }): string {
    if (!this.#pools.has(pid)) return 'unknown_pid';
    if (this.#withoutPreallocation.has(appId)) return 'preallocation_not_enabled';
    const shared = this.#pool(pid, SHARED);
    if (count > shared.granted - shared.used) return 'allocation_exceeds_free';
    shared.granted -= count;
    this.#pool(pid, appId).granted += count;
    return 'ok';
  }

  #takeBack({ appId, pid, count }: Step & { verb: 'allocate' | 'takeBack' }): string {
    if (!this.#pools.has(pid)) return 'unknown_pid';
    const pool = this.#pool(pid, appId);
    const own = this.#own(pid, appId);
    // Of the free seats those stay that the lines for this App alone bring, and no more goes than was allocated.
    const movable = pool.granted - pool.used - (own.count - own.used);
    if (count > Math.min(movable, pool.granted - own.count)) return 'take_back_exceeds_unused';
    pool.granted -= count;
    this.#pool(pid, SHARED).granted += count;
    return 'ok';
  }

  #change(license: ModelLicense, step: Extract<Step, { of: number }>, now: number): string {
    if (step.verb === 'renew') return this.#renew(license, step.renewId, now);
    if (step.verb === 'transfer') return this.#transfer(license, step.toLicenseKey, now);
    if (step.verb === 'suspend' && license.state === 'released') return 'released';
    license.state = ({ suspend: 'suspended', resume: 'active', release: 'released' } as const)[step.verb];
    return 'ok';
  }

  #renew(license: ModelLicense, renewId: string, now: number): string {
    if (license.state === 'released') return 'released';
    const named = (line: ModelLine) => line.terms.kind === 'renewal' && line.terms.renewId === renewId;
    const known = this.lines.find(named);
    if (known === undefined) return 'unknown_renew_id';
    if (known.terms.pid !== license.pid) return 'renewal_other_pid';
    const line = this.#lineLeft(license.appId, named);
    if (line === undefined) return 'renewal_exhausted';
    if (license.renewals === 16) return 'renewal_limit';
    line.used += 1;
    license.renewals += 1;
    license.expireTime = addValidity(Math.max(now, license.expireTime), line.terms.validity);
    return 'ok';
  }

  #transfer(license: ModelLicense, toLicenseKey: string, now: number): string {
    if (license.licenseKey === toLicenseKey) return 'transfer_same_key';
    if (now >= license.expireTime) return 'license_expired';
    if (this.#holder(license.appId, license.pid, toLicenseKey) !== undefined)
      return 'transfer_target_licensed';
    if (license.transfers > 0 && now - license.transfersSince < YEAR) return 'transfer_limit';
    Object.assign(license, { licenseKey: toLicenseKey, transfers: 1, transfersSince: now });
    if (license.state === 'released') license.state = 'active';
    return 'ok';
  }

  #holder(appId: string, pid: string, licenseKey: string): ModelLicense | undefined {
    return this.licenses.find(
      (license) => license.appId === appId && license.pid === pid && license.licenseKey === licenseKey,
    );
  }

  /** The oldest line with something left: first of those for the App alone, then of the shared ones. */
  #lineLeft(appId: string, serves: (line: ModelLine) => boolean): ModelLine | undefined {
    const left = this.lines.filter((line) => serves(line) && !line.withdrawn && line.used < line.terms.count);
    return left.find((line) => line.appId === appId) ?? left.find((line) => line.appId === SHARED);
  }

  #pool(pid: string, appId: string): ModelPool {
    const pools = this.#pools.get(pid) ?? new Map<string, ModelPool>();
    this.#pools.set(pid, pools);
    const pool = pools.get(appId) ?? { granted: 0, used: 0 };
    pools.set(appId, pool);
    return pool;
  }

  #own(pid: string, appId: string) {
    return sum(
      this.lines.filter(
        (line) => isPurchase(line) && !line.withdrawn && line.terms.pid === pid && line.appId === appId,
      ),
    );
  }
}

function isPurchase({ terms }: ModelLine): boolean {
  return terms.kind === 'purchase';
}

function sum(lines: readonly ModelLine[]): { count: number; used: number } {
  return {
    count: lines.reduce((total, { terms }) => total + terms.count, 0),
    used: lines.reduce((total, { used }) => total + used, 0),
  };
}

/** Lets added lines of the same goods take over what was used; false where they cannot. */
function moveUse(from: ModelLine, added: ModelLine[]): boolean {
  const goods = ({ terms }: ModelLine) => (terms.kind === 'renewal' ? terms.renewId : terms.pid);
  let left = from.used;
  for (const owner of new Set([from.appId, SHARED]))
    for (const to of added) {
      if (to.appId !== owner || to.terms.kind !== from.terms.kind || goods(to) !== goods(from)) continue;
      const moved = Math.min(left, to.terms.count - to.used);
      to.used += moved;
      left -= moved;
    }
  return left === 0;
}
