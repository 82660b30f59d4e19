import fc from 'fast-check';
import { expect, test } from 'vitest';
import { addValidity } from '#core/calendar.ts';
import type { VerifiedAnswer } from '#core/documents/answer.ts';
import type { LicenseRequest } from '#core/documents/license-request.ts';
import { changeLicenses } from '../../server-stub/licensing/change-licenses.ts';
import { rebinding } from '../../server-stub/licensing/rebind.ts';
import { releasing } from '../../server-stub/licensing/release.ts';
import { resumption } from '../../server-stub/licensing/resume.ts';
import { suspension } from '../../server-stub/licensing/suspend.ts';
import { transferring } from '../../server-stub/licensing/transfer.ts';
import { verifyTrail } from '../../server-stub/store/audit.ts';
import { TestDevice } from '../support/device.ts';
import { everything } from '../support/everything.ts';
import { TestServer } from '../support/server.ts';
import { NOW, ONE_YEAR } from '../support/world.ts';

const KEYS = ['SN-0', 'SN-1', 'SN-2'] as const;
const key = fc.nat({ max: KEYS.length - 1 });

/** One step of a device, of an operator, of time, or of one who sends again what was sent before. */
const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('device' as const),
      device: key,
      purpose: fc.constantFrom('activate', 'activate', 'refresh', 'release', 'transfer', 'renew'),
      automatic: fc.boolean(),
      to: key,
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('operator' as const),
      verb: fc.constantFrom('suspend', 'resume', 'resume', 'release', 'rebind', 'transfer'),
      license: fc.nat({ max: 9 }),
      to: key,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('time' as const), days: fc.integer({ min: 1, max: 60 }) }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('replay' as const), nth: fc.nat({ max: 99 }) }) },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

const VERBS = {
  suspend: suspension,
  resume: resumption,
  release: releasing,
  rebind: rebinding,
  transfer: transferring,
} as const;

/** What an answer ended, changed or took: to be given again, not to be done again. */
interface Sent {
  readonly device: TestDevice;
  readonly compact: string;
  readonly said: string;
}

class Run {
  readonly server: TestServer;
  readonly devices: readonly TestDevice[];
  readonly sent: Sent[] = [];
  /** By license value. */
  readonly activations = new Map<string, number>();
  used = 0;

  constructor(server: TestServer, devices: readonly TestDevice[]) {
    this.server = server;
    this.devices = devices;
  }

  async carryOut(each: Step): Promise<void> {
    if (each.kind === 'time') this.server.clock.time += each.days * 86_400;
    if (each.kind === 'device') await this.#ask(each);
    if (each.kind === 'operator') await this.#operate(each);
    if (each.kind === 'replay') await this.#replay(each.nth);
  }

  async #ask({ device, purpose, automatic, to }: Extract<Step, { kind: 'device' }>): Promise<void> {
    const asker = this.devices[device] as TestDevice;
    const wish: Partial<LicenseRequest> = {
      purpose,
      automatic,
      ...(purpose === 'transfer' && { toLicenseKey: KEYS[to] ?? '' }),
    };
    const before = await this.#standing();
    const compact = await asker.request(wish);
    const { status, body } = await asker.send(compact);
    if (status !== 200) {
      expect(body.error).toBe('enrollment_rejected');
      return;
    }
    // The path that an agent believes, from the vendor's root down to the lines that were sold.
    const answer = await asker.verify(body);
    if (answer.kind === 'token') {
      const { license, activationTime, renewals } = answer.token;
      expect(answer.token.licenseKey).toBe(asker.licenseKey);
      expect(activationTime).toBe(this.activations.get(license) ?? this.server.clock.time);
      this.activations.set(license, activationTime);
      if (renewals.length === 0) expect(answer.token.expireTime).toBe(addValidity(activationTime, ONE_YEAR));
    }
    const ends = answer.kind === 'denial' ? answer.denial.code : 'token';
    if (purpose === 'release')
      expect(['released', 'suspended', 'transferred', 'unknown_license', 'different_device']).toContain(ends);
    if (purpose === 'transfer') expect(ends).not.toBe('token');
    if ((await this.#standing()) !== before) {
      this.sent.push({ device: asker, compact, said: JSON.stringify(answer) });
    }
  }

  async #operate({ verb, license: nth, to }: Extract<Step, { kind: 'operator' }>): Promise<void> {
    const licenses = [...this.activations.keys()].toSorted();
    const license = licenses[nth % Math.max(1, licenses.length)];
    if (license === undefined) return;
    const { server } = this;
    const wish = { cid: server.world.cid, actor: 'operator:test', license, toLicenseKey: KEYS[to] ?? '' };
    const outcomes = await server.store.write(server.clock.time, (trx) =>
      changeLicenses(trx, [wish], VERBS[verb]),
    );
    expect(outcomes).toHaveLength(1);
  }

  /** Sent again, what changed something changes nothing and is answered alike; a token only while it holds. */
  async #replay(nth: number): Promise<void> {
    const again = this.sent[nth % Math.max(1, this.sent.length)];
    if (again === undefined) return;
    const { reader } = this.server.store;
    const before = await everything(reader);
    const { status, body } = await again.device.send(again.compact);
    expect(await everything(reader)).toEqual(before);
    const answer = await again.device.verify(body);
    if (await this.#holds(again)) expect([status, JSON.stringify(answer)]).toEqual([200, again.said]);
    else expect([status, answer.kind]).toEqual([200, 'denial']);
  }

  /** Whether what was said is still so; what ended something is for good. */
  async #holds({ device, said }: Sent): Promise<boolean> {
    const answer: VerifiedAnswer = JSON.parse(said);
    if (answer.kind !== 'token') return true;
    const row = await this.server.store.reader
      .selectFrom('license')
      .select(['state', 'device_jkt', 'license_key'])
      .where('license', '=', answer.token.license)
      .executeTakeFirst();
    return (
      row?.state === 'active' &&
      row.device_jkt === device.key.thumbprint &&
      row.license_key === device.licenseKey
    );
  }

  /** What stands of licenses and seats; not when somebody was last seen. */
  async #standing(): Promise<string> {
    const { reader } = this.server.store;
    const licenses = await reader
      .selectFrom('license')
      .select(['license', 'license_key', 'state', 'device_jkt', 'expire_time', 'renewals', 'transfers'])
      .orderBy('license')
      .execute();
    const seats = await reader.selectFrom('quota').selectAll().execute();
    const lines = await reader.selectFrom('terms').select(['terms_id', 'used']).orderBy('terms_id').execute();
    const trail = await reader.selectFrom('audit_head').selectAll().execute();
    return JSON.stringify([licenses, seats, lines, trail]);
  }

  async holds(): Promise<void> {
    const { reader } = this.server.store;
    const [quota] = await reader.selectFrom('quota').select('used').execute();
    const used = quota?.used ?? 0;
    expect(used).toBeGreaterThanOrEqual(this.used);
    this.used = used;
    const licenses = await reader.selectFrom('license').selectAll().execute();
    expect(licenses).toHaveLength(used);
    expect(new Set(licenses.map(({ license_key }) => license_key)).size).toBe(used);
    for (const { license_key } of licenses) expect(KEYS).toContain(license_key);
  }
}

test('whatever devices and operators do in whatever order: no seat comes back or is taken twice, every token proves itself, what is sent again does nothing', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 25, size: 'max' }), async (steps) => {
      const server = await TestServer.start({
        lines: (world) => [
          { ...world.purchase, transfersPerYear: 4 },
          { ...world.renewal, count: 3 },
        ],
      });
      try {
        await server.store.write(NOW, ({ db }) => db.updateTable('app').set({ device_renewal: 1 }).execute());
        const enrollment = await server.enrollment({ expiresAt: NOW + 3000 * 86_400 });
        const run = new Run(
          server,
          KEYS.map((licenseKey) => new TestDevice(server, enrollment, licenseKey)),
        );
        for (const each of steps) {
          await run.carryOut(each);
          await run.holds();
        }
        expect((await verifyTrail(server.store.reader, server.world.cid)).brokenAt).toBeUndefined();
      } finally {
        await server.stop();
      }
    }),
    { numRuns: 25 },
  );
}, 300_000);
