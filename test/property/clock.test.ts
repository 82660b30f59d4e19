import fc from 'fast-check';
import { expect, test } from 'vitest';
import { evaluate, isUsable, usableUntil } from '#core/evaluate.ts';
import {
  adoptSignedTime,
  advance,
  type ClockMark,
  type ClockReading,
  firstMark,
  trustedTime,
} from '../../agent/trusted-time.ts';
import { NOW, World } from '../support/world.ts';

const DAY = 86_400;
const PERSIST_SECONDS = 60;
/** How long a boot takes until the daemon looks. */
const BOOT_SECONDS = 5;
/** How often the daemon looks, in seconds. */
const LOOK_SECONDS = 60;
const token = new World().tokenClaims({ exp: NOW + 2 * DAY, graceSeconds: DAY });
const SPAN = usableUntil(token) - token.iat;

/** A machine's clocks as a fault or a thief moves them, and the mark that a daemon keeps of them. */
class Machine {
  wall = NOW;
  uptime = 500;
  boot = 0;
  mark: ClockMark;
  persisted: ClockMark;
  #sincePersisted = 0;
  /** Running time in which the license could be used. */
  licensedSeconds = 0;

  constructor() {
    const request = { bootId: this.reading.bootId, uptime: this.uptime };
    this.mark = adoptSignedTime(firstMark(0, this.reading), { iat: NOW, request }, this.reading);
    this.persisted = this.mark;
  }

  get reading(): ClockReading {
    return { wall: this.wall, uptime: this.uptime, bootId: `boot-${this.boot}` };
  }

  get time() {
    this.mark = advance(this.mark, this.reading);
    return trustedTime(this.mark, this.reading);
  }

  get usable(): boolean {
    return isUsable(evaluate({ token, fingerprint: {} }, this.time).state);
  }

  run(seconds: number): void {
    for (let left = seconds; left > 0; left -= LOOK_SECONDS) {
      const step = Math.min(left, LOOK_SECONDS);
      const { usable } = this;
      this.uptime += step;
      this.wall += step;
      if (usable && this.usable) this.licensedSeconds += step;
      this.#sincePersisted += step;
      if (this.#sincePersisted >= PERSIST_SECONDS) this.persist();
    }
  }

  persist(): void {
    this.mark = advance(this.mark, this.reading);
    this.persisted = this.mark;
    this.#sincePersisted = 0;
  }

  /** The power goes, and comes back with whatever the clock chip says. */
  powerLoss(wall: number): void {
    this.boot += 1;
    this.wall = wall;
    this.uptime = BOOT_SECONDS;
    this.mark = this.persisted;
  }
}

const wall = fc.oneof(
  fc.constantFrom(0, NOW - 3_650 * DAY, NOW, NOW + 365 * DAY, 253_402_300_799),
  fc.integer({ min: NOW - 10 * DAY, max: NOW + 10 * DAY }),
);
const event = fc.oneof(
  fc.record({ kind: fc.constant('run' as const), seconds: fc.integer({ min: 1, max: 12 * 3600 }) }),
  fc.record({ kind: fc.constant('set' as const), wall }),
  fc.record({ kind: fc.constant('powerLoss' as const), wall }),
);

test('without a signed time no clock makes a license last longer than what was sold, in running time', () => {
  fc.assert(
    fc.property(fc.array(event, { minLength: 10, maxLength: 40 }), (events) => {
      const machine = new Machine();
      for (const each of events) {
        if (each.kind === 'run') machine.run(each.seconds);
        else if (each.kind === 'set') machine.wall = each.wall;
        else machine.powerLoss(each.wall);
      }
      const boots = machine.boot + 1;
      expect(machine.licensedSeconds).toBeLessThanOrEqual(SPAN + boots * (PERSIST_SECONDS + LOOK_SECONDS));
    }),
    { numRuns: 300 },
  );
});

test('the bound is reached: a clock that is set back again and again wins nothing', () => {
  const machine = new Machine();
  for (let hours = 0; hours < 200; hours += 1) {
    machine.wall = NOW;
    machine.run(3600);
  }
  expect(machine.usable).toBe(false);
  expect(machine.licensedSeconds).toBeGreaterThanOrEqual(SPAN - LOOK_SECONDS);
  expect(machine.licensedSeconds).toBeLessThanOrEqual(SPAN);
});

test('a jump forward shorter than an hour leaves a device no worse once the clock is right again', () => {
  const jump = fc.record({
    before: fc.integer({ min: 0, max: 8 * 3600 }),
    // The seconds since boot are part of it.
    off: fc.option(fc.integer({ min: BOOT_SECONDS, max: 2 * DAY }), { nil: undefined }),
    ahead: fc.integer({ min: 61, max: 4_000 * DAY }),
    seconds: fc.integer({ min: 1, max: 3599 }),
  });
  fc.assert(
    fc.property(fc.array(jump, { minLength: 1, maxLength: 6 }), (jumps) => {
      const [jumping, steady] = [new Machine(), new Machine()];
      let right = NOW;
      for (const { before, off, ahead, seconds } of jumps) {
        for (const machine of [jumping, steady]) machine.run(before);
        right += before;
        if (off !== undefined) {
          right += off;
          for (const machine of [jumping, steady]) {
            machine.persist();
            machine.powerLoss(right);
          }
        }
        jumping.wall = right + ahead;
        jumping.run(seconds);
        steady.run(seconds);
        right += seconds;
        jumping.wall = right;
        const [after, otherwise] = [jumping.time, steady.time];
        expect(after.now).toBe(otherwise.now);
        expect(after.confirmed).toBeLessThanOrEqual(otherwise.confirmed);
        expect(jumping.usable || !steady.usable).toBe(true);
      }
    }),
    { numRuns: 300 },
  );
});
