import type { Bilingual } from '#core/errors.ts';
import { SHARED } from '../quota.ts';
import { type Amounts, type Figures, type Measure, type Owner, ownerOfRenewals } from './figures.ts';
import { inconsistent } from './inconsistent.ts';
import type { VendorLine } from './vendor-lines.ts';

/** What the tables remember together with its time, and what they only know as it stands now. */
const REMEMBERED = {
  granted: { en: 'seats granted', zh: '授权数量' },
  withdrawn: { en: 'seats withdrawn', zh: '撤回数量' },
  activated: { en: 'activations', zh: '激活数量' },
  renewed: { en: 'renewals', zh: '续期数量' },
  revived: { en: 'renewals of expired licenses', zh: '过期后续期数量' },
  expired: { en: 'expired licenses', zh: '到期数量' },
  minutes: { en: 'minutes', zh: '分钟数' },
} as const satisfies Partial<Record<Measure, Bilingual>>;
const CURRENT = {
  seats: { en: 'size of the pool', zh: '额度' },
  used: { en: 'seats used', zh: '已用额度' },
  recorded: { en: 'recorded allocations', zh: '分配记录' },
} as const satisfies Partial<Record<Measure, Bilingual>>;
const LICENSES: Bilingual = {
  en: 'digest of licenses, LicenseKeys, activations, renewals and states',
  zh: '许可证、LicenseKey、激活、续期与状态的摘要',
};
const LINE_USE: Bilingual = { en: "use of the vendor's lines", zh: '厂商条款的使用数量' };

/**
 * Demands that the audit trail and the tables tell the same story, figure by figure and license by license.
 *
 * @throws `report_inconsistent` naming whose figure it is, and both values
 */
export function compareFigures(
  cid: string,
  trail: Figures,
  tables: Figures,
  lines: ReadonlyMap<string, VendorLine>,
): void {
  const owners = new Map([...trail.owners, ...tables.owners].map((owner) => [JSON.stringify(owner), owner]));
  for (const owner of owners.values()) {
    const same = (what: Bilingual, ours: string | number, theirs: string | number) => {
      if (ours !== theirs) inconsistent(cid, owner, what, ours, theirs);
    };
    for (const [measure, name] of entriesOf(CURRENT))
      same(name, sum(trail.amounts(owner, measure)), sum(tables.amounts(owner, measure)));
    for (const [measure, name] of entriesOf(REMEMBERED)) {
      const [ours, theirs] = [trail.amounts(owner, measure), tables.amounts(owner, measure)];
      same(name, sum(ours), sum(theirs));
      for (const time of [0, 1, 2] as const) same(name, ours[time], theirs[time]);
    }
    same(LICENSES, digestOf(trail, owner), digestOf(tables, owner));
  }
  compareLineUse(cid, trail, lines);
}

/** Every seat and every renewal was taken from a line of the vendor. */
function compareLineUse(cid: string, trail: Figures, lines: ReadonlyMap<string, VendorLine>): void {
  const uses = new Map<string, { owner: Owner; ours: number; theirs: number }>();
  const useOf = (owner: Owner) => {
    const key = owner.renewId ?? owner.pid;
    const use = uses.get(key) ?? { owner, ours: 0, theirs: 0 };
    uses.set(key, use);
    return use;
  };
  for (const { terms, used } of lines.values()) {
    const { pid } = terms;
    useOf(terms.kind === 'renewal' ? ownerOfRenewals(terms) : { pid, appId: SHARED }).theirs += used;
  }
  for (const owner of trail.owners) {
    const { pid, renewId } = owner;
    const whole = renewId === undefined ? { pid, appId: SHARED } : owner;
    useOf(whole).ours += sum(trail.amounts(owner, 'used'));
  }
  for (const { owner, ours, theirs } of uses.values())
    if (ours !== theirs) inconsistent(cid, owner, LINE_USE, ours, theirs);
}

const sum = ([before, within, after]: Readonly<Amounts>): number => before + within + after;

/** Only whether two are the same has a meaning. */
const digestOf = (figures: Figures, owner: Owner): string => figures.facts(owner).join('-');

function entriesOf<Key extends string>(
  record: Readonly<Record<Key, Bilingual>>,
): [measure: Key, name: Bilingual][] {
  return Object.entries(record) as [Key, Bilingual][];
}
