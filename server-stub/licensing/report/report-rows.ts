import type { Flows, RenewalRow, ReportRow, Stock } from '#core/documents/usage-report.ts';
import { SHARED } from '../quota.ts';
import { type Figures, type Measure, type Owner, ownerOfRenewals } from './figures.ts';
import type { VendorLine } from './vendor-lines.ts';

/** The figures as rows of a report: by PID, the shared pool first, then by App. Pools without any figure are left out. */
export function reportRows(figures: Figures): ReportRow[] {
  const owners = figures.owners.filter(({ renewId }) => renewId === undefined);
  return owners
    .toSorted((a, b) => (a.pid < b.pid || (a.pid === b.pid && a.appId < b.appId) ? -1 : 1))
    .map((owner) => ({
      pid: owner.pid,
      ...(owner.appId !== SHARED && { appId: owner.appId }),
      opening: stockOf((measure) => figures.amounts(owner, measure)[0]),
      closing: stockOf((measure) => closingOf(figures, owner, measure)),
      ...flowsOf((measure) => figures.amounts(owner, measure)[1]),
    }))
    .filter(({ opening, closing, pid: _, appId: __, ...flows }) =>
      [opening, closing, flows].some((amounts) => Object.values(amounts).some((amount) => amount !== 0)),
    );
}

type AmountOf = (measure: Measure) => number;

function stockOf(amountOf: AmountOf): Stock {
  return {
    seats: amountOf('seats'),
    used: amountOf('used'),
    licenses: amountOf('activated') + amountOf('revived') - amountOf('expired'),
    minutes: amountOf('minutes'),
  };
}

function flowsOf(amountOf: AmountOf): Flows {
  return {
    granted: amountOf('granted'),
    withdrawn: amountOf('withdrawn'),
    allocated: amountOf('allocated'),
    takenBack: amountOf('takenBack'),
    activated: amountOf('activated'),
    renewed: amountOf('renewed'),
    revived: amountOf('revived'),
    expired: amountOf('expired'),
    transferred: amountOf('transferred'),
    released: amountOf('released'),
    suspended: amountOf('suspended'),
    resumed: amountOf('resumed'),
    minutes: amountOf('minutes'),
  };
}

/** By renewId, as the vendor's lines name them. */
export function renewalRows(figures: Figures, lines: ReadonlyMap<string, VendorLine>): RenewalRow[] {
  const rows = new Map<string, RenewalRow>();
  for (const { terms } of lines.values()) {
    if (terms.kind !== 'renewal') continue;
    const { renewId, pid, validity } = terms;
    const owner = ownerOfRenewals(terms);
    const within = (measure: Measure) => figures.amounts(owner, measure)[1];
    const stock = (amountOf: AmountOf) => ({
      granted: amountOf('granted') - amountOf('withdrawn'),
      used: amountOf('used'),
    });
    rows.set(renewId, {
      renewId,
      pid,
      validity,
      opening: stock((measure) => figures.amounts(owner, measure)[0]),
      closing: stock((measure) => closingOf(figures, owner, measure)),
      granted: within('granted'),
      withdrawn: within('withdrawn'),
      renewed: within('used'),
    });
  }
  return [...rows.values()].toSorted((a, b) => (a.renewId < b.renewId ? -1 : 1));
}

function closingOf(figures: Figures, owner: Owner, measure: Measure): number {
  const [before, within] = figures.amounts(owner, measure);
  return before + within;
}
