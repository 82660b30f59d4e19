import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { derivePid, deriveRenewId, type Validity } from '#core/catalog.ts';
import type { Grant } from '#core/documents/grant.ts';
import type { Terms } from '#core/documents/terms.ts';
import { LicenseError } from '#core/errors.ts';
import { newId } from '#core/ids.ts';
import { activate } from '../../server-stub/licensing/activate.ts';
import { allocate } from '../../server-stub/licensing/allocate.ts';
import { Batch, type Verb } from '../../server-stub/licensing/batch.ts';
import { importCertificate } from '../../server-stub/licensing/import-certificate.ts';
import { importGrant } from '../../server-stub/licensing/import-grant.ts';
import type { Outcome } from '../../server-stub/licensing/outcome.ts';
import { release } from '../../server-stub/licensing/release.ts';
import { renew } from '../../server-stub/licensing/renew.ts';
import { resume } from '../../server-stub/licensing/resume.ts';
import { suspend } from '../../server-stub/licensing/suspend.ts';
import { takeBack } from '../../server-stub/licensing/take-back.ts';
import { transfer } from '../../server-stub/licensing/transfer.ts';
import { verifyTrail } from '../../server-stub/store/audit.ts';
import { openStore, type Store } from '../../server-stub/store/database.ts';
import type { LicenseTable } from '../../server-stub/store/schema.ts';
import { ENGINES, endClusterAfterAll } from '../support/engines.ts';
import { createServerFolder } from '../support/server-folder.ts';
import { NOW, ONE_YEAR, VIDEO_SKU, World } from '../support/world.ts';
import { QuotaModel, SHARED, type Step } from './quota-model.ts';

endClusterAfterAll();

const DAY = 86_400;
/** How long random sequences are tried on one engine, in milliseconds. */
const TRIED_MS = 12_000;

const THREE_MONTHS: Validity = { unit: 'month', count: 3 };
const PIDS = [ONE_YEAR, THREE_MONTHS].map((validity) => derivePid(VIDEO_SKU, validity, 'device'));
const [YEARLY = '', QUARTERLY = ''] = PIDS;
/** Renewals: PID and validity. */
const RENEWALS = [
  [YEARLY, ONE_YEAR],
  [YEARLY, THREE_MONTHS],
  [QUARTERLY, THREE_MONTHS],
] as const;
const RENEW_IDS = RENEWALS.map(([pid, validity]) => deriveRenewId(pid, validity));
/** Numbers of Apps: two that the vendor lets reserve quota, one that it does not. */
const APPS = [0, 1, 2] as const;

/** A step with Apps by number. */
type Wish = Step extends infer S
  ? S extends { appId: string }
    ? Omit<S, 'appId'> & { app: number }
    : S
  : never;

interface Line {
  readonly goods: number;
  /** -1: shared. */
  readonly app: number;
  readonly count: number;
}

type Move =
  | { readonly kind: 'wave'; readonly wishes: readonly Wish[] }
  | { readonly kind: 'grant'; readonly lines: readonly Line[]; readonly replaces: number | undefined }
  | { readonly kind: 'wait'; readonly days: number };

const NOBODYS = 1000;
// Most happens in one place, so that what belongs together meets.
const app = fc.constantFrom(0, 0, 0, ...APPS);
const pid = fc.constantFrom(YEARLY, YEARLY, YEARLY, QUARTERLY);
const licenseKey = fc.nat({ max: 11 }).map((n) => `SN-${n}`);
/** A license among those that are there; now and then one that is not. */
const of = fc.oneof(
  { weight: 20, arbitrary: fc.nat({ max: 100 }) },
  { weight: 1, arbitrary: fc.constant(NOBODYS) },
);
const moved = { app, pid, count: fc.integer({ min: 1, max: 3 }) };
const wish: fc.Arbitrary<Wish> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ verb: fc.constant('activate' as const), app, pid, licenseKey }) },
  {
    weight: 3,
    arbitrary: fc.record({ verb: fc.constantFrom('allocate' as const, 'takeBack' as const), ...moved }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      verb: fc.constant('renew' as const),
      of,
      renewId: fc.oneof(
        { weight: 9, arbitrary: fc.constantFrom(...RENEW_IDS) },
        { weight: 1, arbitrary: fc.constant(derivePid(VIDEO_SKU, ONE_YEAR, 'account')) },
      ),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      verb: fc.constantFrom('suspend' as const, 'resume' as const, 'release' as const),
      of,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ verb: fc.constant('transfer' as const), of, toLicenseKey: licenseKey }),
  },
);
const line = fc.record({
  goods: fc.oneof(fc.constant(0), fc.nat({ max: PIDS.length + RENEWALS.length - 1 })),
  app: fc.constantFrom(-1, -1, -1, 0, ...APPS),
  count: fc.integer({ min: 1, max: 8 }),
});
/** Something to begin with: seats and renewals of everything, shared. */
const beginning = fc
  .tuple(...Array.from({ length: PIDS.length + RENEWALS.length }, () => fc.integer({ min: 1, max: 12 })))
  .map((counts): Move => {
    const lines = counts.map((count, goods) => ({ goods, app: -1, count }));
    return { kind: 'grant', lines, replaces: undefined };
  });
const move: fc.Arbitrary<Move> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('wave' as const),
      wishes: fc.array(wish, { minLength: 1, maxLength: 12, size: 'max' }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('grant' as const),
      lines: fc.array(line, { maxLength: 6, size: 'max' }),
      replaces: fc.option(fc.nat({ max: 5 }), { nil: undefined }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('wait' as const), days: fc.constantFrom(1, 40, 200, 400) }),
  },
);

// biome-ignore lint/suspicious/noExplicitAny: requests of each verb are made by requestOf
const VERBS: Readonly<Record<Step['verb'], Verb<any, Outcome>>> = {
  ...{ activate, allocate, takeBack, renew, suspend, resume, release, transfer },
};

/** A company of its own on a server that many share, so that each sequence begins with nothing. */
class Company {
  readonly model: QuotaModel;
  readonly apps: readonly string[];
  readonly world: World;
  readonly #store: Store;
  readonly #batch: Batch;
  /** License values in the order of the model. */
  readonly #licenses: string[] = [];
  now = NOW;

  constructor(store: Store, vendor: World, cid: string) {
    const { serverId, serverKey, root } = vendor;
    this.world = new World({ cid, serverId, serverKey, root });
    this.apps = [this.world.appId, this.world.otherAppId, newId().toLowerCase()];
    this.model = new QuotaModel(this.apps.slice(2));
    this.#store = store;
    this.#batch = new Batch(store, { now: () => this.now, uptime: () => 0 });
  }

  async certify(): Promise<void> {
    const { serverId, serverKey, root } = this.world;
    await this.#import({}, []);
    const certificate = await this.world.certificate({ exp: NOW + 100 * 365 * DAY });
    await this.#store.write(this.now, (transaction) =>
      importCertificate(transaction, certificate, [root], { serverId, key: serverKey }, 'operator:test'),
    );
  }

  async make(next: Move): Promise<void> {
    if (next.kind === 'wait') this.now += next.days * DAY;
    else if (next.kind === 'grant') await this.#grant(next.lines, next.replaces);
    else await this.#wave(next.wishes.map((each) => this.#stepOf(each)));
  }

  /** All at once; they are decided verb by verb, within a verb in order of arrival. */
  async #wave(steps: readonly Step[]): Promise<void> {
    const values = [...this.#licenses];
    const outcomes = await Promise.all(
      steps.map((step) => this.#batch.submit(VERBS[step.verb], this.#requestOf(step, values))),
    );
    const codes = outcomes.map((outcome) => (outcome.ok ? 'ok' : outcome.error.code));
    const expected = new Map<Step, string>();
    const known = this.model.licenses.length;
    for (const group of Map.groupBy(steps, ({ verb }) => verb).values())
      for (const step of group) {
        // Which licenses a step means was said before the wave.
        const unknown = 'of' in step && step.of >= known;
        const before = this.model.licenses.length;
        expected.set(step, unknown ? 'unknown_license' : this.model.step(step, this.now));
        if (this.model.licenses.length > before) {
          const outcome = outcomes[steps.indexOf(step)] as { license?: LicenseTable } | undefined;
          this.#licenses.push(outcome?.license?.license ?? 'none');
        }
      }
    expect(codes).toEqual(steps.map((step) => expected.get(step)));
  }

  async #grant(lines: readonly Line[], replaces: number | undefined): Promise<void> {
    const standing = this.model.grants.filter((grant) => !this.model.replaced.has(grant));
    const replaced = replaces === undefined ? undefined : standing[replaces % Math.max(1, standing.length)];
    const terms = lines.map((each) => this.#termsOf(each));
    const grant = { grantId: newId(), ...(replaced !== undefined && { replaces: replaced }) };
    const expected = this.model.import(grant.grantId, terms, replaced);
    const outcome = await this.#import(grant, terms).then(
      () => 'ok',
      (thrown: unknown) => {
        if (thrown instanceof LicenseError) return thrown.code;
        throw thrown;
      },
    );
    expect(outcome).toBe(expected);
  }

  async #import(overrides: Partial<Grant>, terms: readonly Terms[]): Promise<void> {
    const apps = this.apps.map((appId, index) => ({
      ...{ appId, vid: String(index), name: `App ${index}`, preallocation: index < 2 },
    }));
    const document = await this.world.grant({ apps, ...overrides }, terms);
    const { root, serverId } = this.world;
    await this.#store.write(this.now, (transaction) =>
      importGrant(transaction, document, [root], serverId, 'operator:test'),
    );
  }

  #termsOf({ goods, app: index, count }: Line): Terms {
    const { purchase, renewal, cid } = this.world;
    const appId = this.apps[index];
    const common = { cid, termsId: newId(), count, ...(appId !== undefined && { appId }) };
    const sold = PIDS[goods];
    if (sold !== undefined)
      return { ...purchase, ...common, pid: sold, validity: sold === YEARLY ? ONE_YEAR : THREE_MONTHS };
    const [renewed, validity] = RENEWALS[goods - PIDS.length] ?? RENEWALS[0];
    return { ...renewal, ...common, pid: renewed, validity, renewId: deriveRenewId(renewed, validity) };
  }

  #stepOf(each: Wish): Step {
    if ('app' in each) return { ...each, appId: this.apps[each.app] ?? '' };
    const licenses = this.model.licenses.length;
    return { ...each, of: each.of === NOBODYS || licenses === 0 ? NOBODYS : each.of % licenses };
  }

  #requestOf(step: Step, values: readonly string[]) {
    const { cid } = this.world;
    const common = { cid, actor: 'operator:test', creator: 'model' };
    if (!('of' in step)) return { ...step, ...common };
    const appId = this.model.licenses[step.of]?.appId ?? this.apps[0];
    return { ...step, ...common, appId, license: values[step.of] ?? newId() };
  }

  /** The store holds what the model says, and what must hold in any case. */
  async compare(): Promise<void> {
    const { reader } = this.#store;
    const { cid } = this.world;
    const pools = await reader.selectFrom('quota').selectAll().where('cid', '=', cid).execute();
    const lines = await reader
      .selectFrom('terms')
      .select(['terms_id', 'kind', 'pid', 'app_id', 'count', 'used', 'withdrawn'])
      .where('cid', '=', cid)
      .orderBy('position')
      .execute();
    const licenses = await reader.selectFrom('license').selectAll().where('cid', '=', cid).execute();
    const allocations = await reader.selectFrom('allocation').selectAll().where('cid', '=', cid).execute();

    const inStore = pools
      .filter(({ granted, used }) => granted > 0 || used > 0)
      .map(({ pid: ofPid, app_id, granted, used }) => [ofPid, app_id, granted, used].join(' '));
    const inModel = [...this.model.pools].flatMap(([ofPid, byApp]) =>
      [...byApp]
        .filter(([, { granted, used }]) => granted > 0 || used > 0)
        .map(([appId, { granted, used }]) => [ofPid, appId, granted, used].join(' ')),
    );
    expect(inStore.toSorted()).toEqual(inModel.toSorted());
    expect(lines.map(({ terms_id, used, withdrawn }) => [terms_id, used, withdrawn === 1])).toEqual(
      this.model.lines.map(({ terms, used, withdrawn }) => [terms.termsId, used, withdrawn]),
    );
    const byValue = new Map(licenses.map((license) => [license.license, license]));
    expect(
      this.#licenses.map((value) => {
        const {
          app_id,
          pid: ofPid,
          license_key,
          state,
          expire_time,
          renewals,
        } = byValue.get(value) ?? ({ renewals: '[]' } as LicenseTable);
        return [app_id, ofPid, license_key, state, expire_time, JSON.parse(renewals).length];
      }),
    ).toEqual(
      this.model.licenses.map(({ appId, pid: ofPid, licenseKey: key, state, expireTime, renewals }) => [
        ...[appId, ofPid, key, state, expireTime, renewals],
      ]),
    );
    expect(licenses).toHaveLength(this.model.licenses.length);

    for (const ofPid of PIDS) {
      const total = (rows: readonly { count?: number; granted?: number; used?: number }[]) => [
        rows.reduce((sum, { count = 0, granted = count }) => sum + granted, 0),
        rows.reduce((sum, { used = 0 }) => sum + used, 0),
      ];
      const sold = lines.filter((row) => row.kind === 'purchase' && row.pid === ofPid && row.withdrawn === 0);
      const ofPools = pools.filter((row) => row.pid === ofPid);
      expect(total(ofPools)).toEqual(total(sold));
      for (const { granted, used } of ofPools) expect(used).toBeLessThanOrEqual(granted);
      for (const { terms_id, used } of sold)
        expect(licenses.filter((license) => license.terms_id === terms_id)).toHaveLength(used);
      for (const appId of this.apps) {
        const recorded = allocations.filter((row) => row.pid === ofPid && row.app_id === appId);
        const granted = ofPools.find((row) => row.app_id === appId)?.granted ?? 0;
        expect(recorded.reduce((sum, { count }) => sum + count, 0)).toBe(granted);
        expect(recorded.map(({ pid_position }) => pid_position).toSorted((a, b) => a - b)).toEqual(
          recorded.map((_, index) => index + 1),
        );
      }
    }
    expect(pools.filter(({ app_id, granted }) => app_id === SHARED && granted < 0)).toEqual([]);
  }
}

describe.each(ENGINES)('quota against its model, store in %s', (engine) => {
  test('whatever is granted, replaced, allocated, taken back, activated, renewed, transferred or ended, all at once', async () => {
    const folder = await createServerFolder({ engine, lines: () => [] });
    const store = await openStore(folder.store);
    let companies = 0;
    try {
      await fc.assert(
        fc.asyncProperty(beginning, fc.array(move, { maxLength: 16, size: 'max' }), async (first, moves) => {
          companies += 1;
          const company = new Company(store, folder.world, `c${companies}`);
          await company.certify();
          for (const each of [first, ...moves]) {
            await company.make(each);
            await company.compare();
          }
          expect((await verifyTrail(store.reader, company.world.cid)).brokenAt).toBeUndefined();
        }),
        { numRuns: 200, interruptAfterTimeLimit: TRIED_MS, markInterruptAsFailure: false },
      );
    } finally {
      await store.close();
    }
    expect(companies).toBeGreaterThan(3);
  }, 60_000);
});
