import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { addValidity } from '#core/calendar.ts';
import type { Validity } from '#core/catalog.ts';
import { derivePid } from '#core/catalog.ts';
import type { ReportRow } from '#core/documents/usage-report.ts';
import { newId } from '#core/ids.ts';
import { activate } from '../../server-stub/licensing/activate.ts';
import { allocate } from '../../server-stub/licensing/allocate.ts';
import { release } from '../../server-stub/licensing/release.ts';
import { renew } from '../../server-stub/licensing/renew.ts';
import { resume } from '../../server-stub/licensing/resume.ts';
import { suspend } from '../../server-stub/licensing/suspend.ts';
import { takeBack } from '../../server-stub/licensing/take-back.ts';
import { transfer } from '../../server-stub/licensing/transfer.ts';
import type { Transaction } from '../../server-stub/store/database.ts';
import { ENGINES, endClusterAfterAll } from '../support/engines.ts';
import { companyOf, makeReport } from '../support/make-report.ts';
import { TestServer } from '../support/server.ts';
import { NO_FLOWS, NO_STOCK } from '../support/usage-report.ts';
import { NOW, VIDEO_SKU } from '../support/world.ts';

endClusterAfterAll();

const DAY = 86_400;
const TRIAL: Validity = { unit: 'month', count: 3 };

/** One step: which verb, on what. Numbers choose among what there is. */
const step = fc.record({
  verb: fc.constantFrom(
    'wait',
    'allocate',
    'takeBack',
    'activate',
    'activate',
    'activate',
    'renew',
    'transfer',
    'suspend',
    'resume',
    'release',
  ),
  app: fc.constantFrom(0, 1),
  pid: fc.constantFrom(0, 1),
  which: fc.nat(7),
  count: fc.integer({ min: 1, max: 4 }),
});
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

interface ModelLicense {
  readonly license: string;
  readonly appId: string;
  readonly pid: string;
  readonly at: number;
  readonly renewals: number[];
}

interface Event {
  readonly at: number;
  readonly pid: string;
  readonly appId?: string;
  readonly what: keyof typeof NO_FLOWS | 'seats' | 'used';
  readonly count: number;
}

/** What should have happened, written down as it happened, with nothing of the product's arithmetic. */
class Model {
  readonly events: Event[] = [];
  readonly licenses: ModelLicense[] = [];

  note(at: number, what: Event['what'], pid: string, appId: string | undefined, count = 1): void {
    this.events.push({ at, what, pid, count, ...(appId !== undefined && { appId }) });
  }

  sum(what: Event['what'], pid: string, appId: string | undefined, from: number, to: number): number {
    return this.events
      .filter((event) => event.what === what && event.pid === pid && event.appId === appId)
      .filter(({ at }) => from <= at && at < to)
      .reduce((sum, { count }) => sum + count, 0);
  }

  free(pid: string, appId: string | undefined): number {
    const all = [pid, appId, 0, Number.POSITIVE_INFINITY] as const;
    return this.sum('seats', ...all) - this.sum('used', ...all);
  }

  /** Ends and revivals follow from activation and renewals. */
  settle(): void {
    for (const { pid, appId, at, renewals } of this.licenses) {
      let end = addValidity(at, TRIAL);
      for (const renewal of renewals) {
        if (renewal > end) {
          this.note(end, 'expired', pid, appId);
          this.note(renewal, 'revived', pid, appId);
        }
        end = addValidity(Math.max(renewal, end), TRIAL);
      }
      this.note(end, 'expired', pid, appId);
    }
  }

  row(pid: string, appId: string | undefined, from: number, to: number): ReportRow | undefined {
    const flows = Object.fromEntries(
      Object.keys(NO_FLOWS).map((what) => [what, this.sum(what as Event['what'], pid, appId, from, to)]),
    ) as typeof NO_FLOWS;
    const stock = (at: number) => {
      const of = (what: Event['what']) => this.sum(what, pid, appId, 0, at);
      const licenses = of('activated') + of('revived') - of('expired');
      return { ...NO_STOCK, seats: of('seats'), used: of('used'), licenses };
    };
    const row = {
      pid,
      ...(appId !== undefined && { appId }),
      opening: stock(from),
      closing: stock(to),
      ...flows,
    };
    const isEmpty = [row.opening, row.closing, flows].every((amounts) =>
      Object.values(amounts).every((amount) => amount === 0),
    );
    return isEmpty ? undefined : row;
  }
}

async function live(server: TestServer, steps: readonly Step[], model: Model, pids: readonly string[]) {
  const { world, clock, store } = server;
  const { cid, appId, otherAppId, renewal } = world;
  const act = async <Wish>(
    verb: (transaction: Transaction, wishes: readonly Wish[]) => Promise<readonly { readonly ok: boolean }[]>,
    wish: object,
  ) => {
    const all = [{ cid, actor: 'operator:test', ...wish }] as Wish[];
    const [outcome] = await store.write(clock.time, (transaction) => verb(transaction, all));
    return outcome as { ok: boolean; changed?: boolean; consumed?: boolean; license: { license: string } };
  };
  let key = 0;
  for (const { verb, app, pid: pidIndex, which, count } of steps) {
    const owner = app === 0 ? appId : otherAppId;
    const pid = pids[pidIndex] ?? '';
    const chosen = model.licenses[which % Math.max(1, model.licenses.length)];
    const at = clock.time;
    if (verb === 'wait') clock.time += which * which * DAY + count * 3600;
    if (verb === 'allocate' || verb === 'takeBack') {
      const wish = { appId: owner, pid, count, creator: 'x' };
      const sign = verb === 'allocate' ? 1 : -1;
      if ((await act(verb === 'allocate' ? allocate : takeBack, wish)).ok) {
        model.note(at, verb === 'allocate' ? 'allocated' : 'takenBack', pid, owner, count);
        model.note(at, 'seats', pid, owner, sign * count);
        model.note(at, 'seats', pid, undefined, -sign * count);
      }
    }
    if (verb === 'activate') {
      key += 1;
      const outcome = await act(activate, { appId: owner, pid, licenseKey: `SN-${key}` });
      if (outcome.ok) {
        model.note(at, 'used', pid, model.free(pid, owner) > 0 ? owner : undefined);
        model.note(at, 'activated', pid, owner);
        model.licenses.push({ license: outcome.license.license, appId: owner, pid, at, renewals: [] });
      }
    }
    if (chosen === undefined) continue;
    const { license, renewals } = chosen;
    if (
      verb === 'renew' &&
      (await act(renew, { appId: chosen.appId, renewId: renewal.renewId, license })).ok
    ) {
      model.note(at, 'renewed', chosen.pid, chosen.appId);
      renewals.push(at);
    }
    if (verb === 'transfer') {
      key += 1;
      if ((await act(transfer, { license, toLicenseKey: `SN-${key}` })).ok)
        model.note(at, 'transferred', chosen.pid, chosen.appId);
    }
    for (const [name, change, what] of [
      ['suspend', suspend, 'suspended'],
      ['resume', resume, 'resumed'],
      ['release', release, 'released'],
    ] as const) {
      if (verb !== name) continue;
      const { ok, changed } = await act(change, { license });
      if (ok && changed) model.note(at, what, chosen.pid, chosen.appId);
    }
  }
}

describe.each(ENGINES)('store in %s', (engine) => {
  test('whatever happens, a report of any days says what happened in them', async () => {
    const run = async (steps: readonly Step[], fromDays: number, days: number) => {
      const otherSku = { ...VIDEO_SKU, mediaType: 1 as const };
      const server = await TestServer.start({
        engine,
        world: { validity: TRIAL },
        lines: ({ purchase, renewal, appId }) => [
          { ...purchase, count: 6, transfersPerYear: 3 },
          {
            ...purchase,
            termsId: newId(),
            sku: otherSku,
            pid: derivePid(otherSku, TRIAL, 'device'),
            count: 3,
            appId,
          },
          { ...renewal, count: 5 },
        ],
      });
      try {
        const { cid, appId, otherAppId, purchase } = server.world;
        const pids = [purchase.pid, derivePid(otherSku, TRIAL, 'device')];
        const model = new Model();
        model.note(NOW, 'granted', pids[0] ?? '', undefined, 6);
        model.note(NOW, 'seats', pids[0] ?? '', undefined, 6);
        model.note(NOW, 'granted', pids[1] ?? '', appId, 3);
        model.note(NOW, 'seats', pids[1] ?? '', appId, 3);
        await live(server, steps, model, pids);
        model.settle();

        const from = NOW + fromDays * DAY;
        const to = from + days * DAY;
        server.clock.time = Math.max(server.clock.time, to);
        const dayOf = (at: number) => new Date(at * 1000).toISOString().slice(0, 10);
        const period = { fromDay: dayOf(from), toDay: dayOf(to - DAY) };
        const company = companyOf(await makeReport(server, period), cid);
        const expected = pids
          .flatMap((pid) => [undefined, appId, otherAppId].map((owner) => model.row(pid, owner, from, to)))
          .filter((row) => row !== undefined);
        const byName = (a: ReportRow, b: ReportRow) =>
          `${a.pid} ${a.appId ?? ''}` < `${b.pid} ${b.appId ?? ''}` ? -1 : 1;
        expect(company.rows).toEqual(expected.toSorted(byName));
      } finally {
        await server.stop();
      }
    };
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 5, maxLength: 40 }),
        fc.nat(250),
        fc.integer({ min: 1, max: 120 }),
        run,
      ),
      { numRuns: engine === 'sqlite' ? 40 : 8 },
    );
  }, 120_000);
});
