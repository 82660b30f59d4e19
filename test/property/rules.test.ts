import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { addValidity, END_OF_TIME, isWithinPeriod } from '#core/calendar.ts';
import { derivePid, deriveRenewId, type Sku, type Validity } from '#core/catalog.ts';
import { COMPONENTS, type Fingerprint, matchFingerprint } from '#core/device/fingerprint.ts';
import { enrollmentProof } from '#core/documents/enrollment.ts';
import { DENIAL_CODES } from '#core/documents/license-denial.ts';
import { checkAgainstTerms, expireTimeOf } from '#core/documents/license-token.ts';
import { evaluate, usableUntil } from '#core/evaluate.ts';
import { isLicenseKey } from '#core/ids.ts';
import { codeOf } from '../support/forge.ts';
import { NOW, World } from '../support/world.ts';

const epoch = fc.integer({ min: 0, max: END_OF_TIME });
/** Near the edges of an hour, a day, a year and the calendar, where arithmetic breaks. */
const time = fc.oneof(
  epoch,
  fc.integer({ min: NOW - 1000, max: NOW + 1000 }),
  fc.constantFrom(0, 1, END_OF_TIME),
);
const duration = fc.oneof(fc.constantFrom(0, 1, 86_400), fc.integer({ min: 0, max: 100 * 366 * 86_400 }));
const validity: fc.Arbitrary<Validity> = fc.oneof(
  fc.record({ unit: fc.constant('month' as const), count: fc.integer({ min: 3, max: 1200 }) }),
  fc.record({ unit: fc.constant('year' as const), count: fc.integer({ min: 1, max: 100 }) }),
);
const minute = fc
  .integer({ min: 0, max: 1439 })
  .map(
    (value) => `${String(Math.floor(value / 60)).padStart(2, '0')}:${String(value % 60).padStart(2, '0')}`,
  );
const sku: fc.Arbitrary<Sku> = fc.record({
  product: fc.constantFrom(1, 2, 3),
  mediaType: fc.constantFrom(1, 2, 3),
  minutes: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 1_000_000_000 })),
  period: fc.tuple(minute, minute).map(([start, end]) => `${start}~${end}`),
  zone: fc.constantFrom('Asia/Shanghai', 'UTC', 'Europe/Berlin', 'America/St_Johns', 'Pacific/Kiritimati'),
});
const world = new World();

const evidence = fc.record(
  {
    token: fc
      .record({
        sku,
        exp: time,
        graceSeconds: duration,
        expireTime: time,
        expiryGraceSeconds: duration,
        own: fc.nat(),
        others: fc.nat(),
        allowed: fc.oneof(fc.constant(0), fc.nat()),
      })
      .map(({ own, others, allowed, ...claims }) => ({
        ...world.tokenClaims(),
        ...claims,
        minutes: { own, others, allowed },
      })),
    denial: fc.constantFrom(...DENIAL_CODES).map((code) => world.denialClaims(code)),
    fault: fc.constantFrom('signature_invalid' as const, 'terms_violated' as const),
    meteredMinutes: fc.nat(),
    fingerprint: fc.constant({}),
  },
  { requiredKeys: ['fingerprint'] },
);
const trusted = fc.tuple(time, time).map(([a, b]) => ({ now: Math.max(a, b), confirmed: Math.min(a, b) }));

test('nothing is allowed once confirmed time reached the end, and nothing expires before it did', () => {
  fc.assert(
    fc.property(evidence, trusted, (known, clock) => {
      const verdict = evaluate(known, clock);
      const allowed = Object.values(verdict.capabilities).some((capability) => capability.allowed);
      const end = known.token === undefined ? Number.NEGATIVE_INFINITY : usableUntil(known.token);
      if (allowed) {
        expect(clock.confirmed).toBeLessThan(end);
        expect(['active', 'grace']).toContain(verdict.state);
      }
      if (verdict.state === 'expired') expect(clock.confirmed).toBeGreaterThanOrEqual(end);
      for (const { allowed: may, reason } of Object.values(verdict.capabilities))
        expect(may).toBe(reason === 0);
      if (!['active', 'grace'].includes(verdict.state)) expect(verdict.reason).not.toBe(0);
      if (known.fault !== undefined) expect(allowed).toBe(false);
    }),
    { numRuns: 5000 },
  );
});

test('time that passes never brings a license back', () => {
  const order = ['active', 'grace', 'expired'];
  fc.assert(
    fc.property(evidence, time, time, (known, a, b) => {
      const states = [Math.min(a, b), Math.max(a, b)].map(
        (now) => evaluate(known, { now, confirmed: now }).state,
      );
      const [before = 0, after = 0] = states.map((state) => order.indexOf(state));
      expect(after).toBeGreaterThanOrEqual(before);
    }),
    { numRuns: 2000 },
  );
});

test('a glitch of the wall clock alone ends nothing, and heals with the clock', () => {
  fc.assert(
    fc.property(evidence, trusted, (known, clock) => {
      const steady = evaluate(known, { now: clock.confirmed, confirmed: clock.confirmed });
      const glitch = evaluate(known, clock);
      if (steady.state === 'active' || steady.state === 'grace')
        expect(['active', 'grace']).toContain(glitch.state);
      else expect(glitch.state).toBe(steady.state);
    }),
    { numRuns: 2000 },
  );
});

test('no token within the terms is usable after the end of the license and its grace, nor long after its last refresh', async () => {
  const claims = fc.record({
    life: duration,
    graceSeconds: duration,
    expiryGraceSeconds: duration,
    age: fc.integer({ min: 0, max: 400 * 86_400 }),
  });
  await fc.assert(
    fc.asyncProperty(claims, async ({ life, graceSeconds, expiryGraceSeconds, age }) => {
      const token = world.tokenClaims({ activationTime: NOW - age, iat: NOW });
      const bent = { ...token, exp: NOW + life, graceSeconds, expiryGraceSeconds };
      if ((await codeOf(() => checkAgainstTerms(bent, [world.purchase]))) !== 'accepted') return;
      const end = usableUntil(bent);
      const limits = world.purchase;
      expect(end).toBeLessThanOrEqual(Math.max(bent.expireTime + limits.expiryGraceSeconds, NOW));
      expect(end).toBeLessThanOrEqual(
        Math.max(NOW + limits.tokenLifeSeconds + limits.graceSeconds, bent.expireTime),
      );
    }),
    { numRuns: 1000 },
  );
});

test('a later start never ends earlier, and every validity lasts', () => {
  fc.assert(
    fc.property(time, time, validity, (a, b, length) => {
      const [first, second] = [Math.min(a, b), Math.max(a, b)];
      expect(addValidity(first, length)).toBeLessThanOrEqual(addValidity(second, length));
      const days = length.unit === 'month' ? 28 * length.count : 365 * length.count;
      expect(addValidity(first, length)).toBeGreaterThanOrEqual(Math.min(END_OF_TIME, first + days * 86_400));
      expect(Number.isInteger(addValidity(first, length))).toBe(true);
    }),
    { numRuns: 2000 },
  );
});

test('a renewal always extends, and renewing late never loses what was paid for', () => {
  fc.assert(
    fc.property(epoch, validity, validity, fc.nat(), (start, bought, renewal, late) => {
      const end = addValidity(start, bought);
      const renewed = expireTimeOf(start, bought, [{ at: start, validity: renewal }]);
      expect(renewed).toBe(addValidity(end, renewal));
      expect(
        expireTimeOf(start, bought, [{ at: Math.min(END_OF_TIME, end + late), validity: renewal }]),
      ).toBeGreaterThanOrEqual(renewed);
    }),
  );
});

test('within a period and within its complement never hold together', () => {
  fc.assert(
    fc.property(
      time,
      fc.integer({ min: 0, max: 1439 }),
      fc.integer({ min: 0, max: 1438 }),
      sku,
      (at, start, length, { zone }) => {
        const clock = (value: number) => {
          const of = ((value % 1440) + 1440) % 1440;
          return `${String(Math.floor(of / 60)).padStart(2, '0')}:${String(of % 60).padStart(2, '0')}`;
        };
        const inside = isWithinPeriod(at, `${clock(start)}~${clock(start + length)}`, zone);
        const outside = isWithinPeriod(at, `${clock(start + length + 1)}~${clock(start - 1)}`, zone);
        expect(inside).toBe(!outside);
      },
    ),
    { numRuns: 2000 },
  );
});

test('distinct parts never share a PID or a renewId, and the same parts always do', () => {
  const parts = fc.tuple(sku, validity, fc.constantFrom('device' as const, 'account' as const));
  fc.assert(
    fc.property(fc.array(parts, { minLength: 2, maxLength: 50 }), (list) => {
      const distinct = new Set(
        list.map(([s, v, c]) =>
          JSON.stringify([s.product, s.mediaType, s.minutes, s.period, s.zone, v.unit, v.count, c]),
        ),
      );
      const pids = new Set(list.map((part) => derivePid(...part)));
      expect(pids.size).toBe(distinct.size);
      const renewIds = new Set(
        [...pids].flatMap((pid) => [
          deriveRenewId(pid, { unit: 'year', count: 1 }),
          deriveRenewId(pid, { unit: 'month', count: 12 }),
        ]),
      );
      expect(renewIds.size).toBe(2 * pids.size);
      expect(new Set([...pids, ...renewIds]).size).toBe(3 * pids.size);
    }),
    { numRuns: 200 },
  );
});

test('an enrollment proof is of these three parts and no others', () => {
  const part = fc.string({ maxLength: 5 });
  const three = fc.tuple(part, part, part);
  const secret = Buffer.alloc(32, 7).toString('base64url');
  fc.assert(
    fc.property(three, three, (a, b) => {
      const same = JSON.stringify(a) === JSON.stringify(b);
      expect(enrollmentProof(secret, ...a) === enrollmentProof(secret, ...b)).toBe(same);
    }),
    { numRuns: 2000 },
  );
});

test('comparing fingerprints is symmetric, and a machine is never different from itself', () => {
  const values = fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd'), { minLength: 1, maxLength: 4 });
  const fingerprint: fc.Arbitrary<Fingerprint> = fc.dictionary(fc.constantFrom(...COMPONENTS), values);
  fc.assert(
    fc.property(fingerprint, fingerprint, (a, b) => {
      expect(matchFingerprint(a, b)).toBe(matchFingerprint(b, a));
      expect(matchFingerprint(a, a)).toBe(Object.keys(a).length < 2 ? 'undecided' : 'same');
    }),
    { numRuns: 2000 },
  );
});

test('every LicenseKey is 1–128 bytes, and unchanged by UTF-8, JSON and trimming', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 130 }), (text) => {
      if (!isLicenseKey(text)) return;
      const bytes = Buffer.from(text);
      expect(bytes.length).toBeGreaterThan(0);
      expect(bytes.length).toBeLessThanOrEqual(128);
      expect(bytes.toString()).toBe(text);
      expect(JSON.parse(JSON.stringify(text))).toBe(text);
      expect(text.trim()).toBe(text);
    }),
    { numRuns: 5000 },
  );
});
