import { describe, expect, test } from 'vitest';
import {
  adoptSignedTime,
  advance,
  type ClockMark,
  type ClockReading,
  firstMark,
  HOLD_SECONDS,
  trustedTime,
} from '../../agent/trusted-time.ts';
import { NOW } from '../support/world.ts';
import { DAY, FakeClock, HOUR } from './support.ts';

/** A device whose clocks and mark agree. */
function device(confirmed = NOW) {
  const clock = new FakeClock();
  let mark: ClockMark = firstMark(confirmed, clock);
  return {
    clock,
    get mark() {
      return mark;
    },
    /** What is known at this moment. */
    look() {
      mark = advance(mark, clock.read());
      return trustedTime(mark, clock.read());
    },
    /** Looks once a minute while time goes by. */
    run(seconds: number) {
      for (let passed = 0; passed < seconds; passed += 60) {
        clock.pass(Math.min(60, seconds - passed));
        this.look();
      }
      return this.look();
    },
    signed(iat: number, request: Pick<ClockReading, 'bootId' | 'uptime'> = clock.read()) {
      mark = adoptSignedTime(mark, { iat, request }, clock.read());
      return this.look();
    },
  };
}

describe('within a boot', () => {
  test('trusted time advances with boot time, whatever the wall clock does', () => {
    const { clock, look } = device();
    clock.uptime += DAY;
    clock.wall = 0;
    expect(look()).toEqual({ now: NOW + DAY, confirmed: NOW + DAY });
  });

  test('a forward glitch counts at once, is not confirmed, and heals when the clock does', () => {
    const agent = device();
    agent.clock.wall += 400 * DAY;
    expect(agent.look()).toEqual({ now: NOW + 400 * DAY, confirmed: NOW });
    agent.run(HOLD_SECONDS - 60);
    agent.clock.wall -= 400 * DAY;
    const { now, confirmed } = agent.run(HOLD_SECONDS * 2);
    expect(now).toBe(confirmed);
    expect(confirmed).toBe(NOW + HOLD_SECONDS * 3 - 60);
    expect(agent.mark.candidate).toBeUndefined();
  });

  test('a wall clock that held for an hour of running time is believed', () => {
    const agent = device();
    agent.clock.wall += 10 * DAY;
    agent.look();
    expect(agent.run(HOLD_SECONDS - 1).confirmed).toBe(NOW + HOLD_SECONDS - 1);
    expect(agent.run(1)).toEqual({
      now: NOW + 10 * DAY + HOLD_SECONDS,
      confirmed: NOW + 10 * DAY + HOLD_SECONDS,
    });
  });

  test('of two jumps forward the first is believed an hour later, the second an hour after that', () => {
    const agent = device();
    agent.clock.wall += DAY;
    agent.look();
    agent.run(HOLD_SECONDS / 2);
    agent.clock.wall += DAY;
    expect(agent.run(HOLD_SECONDS / 2).confirmed).toBe(NOW + DAY + HOLD_SECONDS);
    expect(agent.run(HOLD_SECONDS).confirmed).toBe(NOW + 2 * DAY + 2 * HOLD_SECONDS);
  });

  test('the wall clock set back to 1970 takes nothing away', () => {
    const agent = device();
    agent.clock.wall = 0;
    expect(agent.run(HOUR)).toEqual({ now: NOW + HOUR, confirmed: NOW + HOUR });
  });

  test('a clock that drifts by seconds while it is a candidate is still the same clock', () => {
    const agent = device();
    agent.clock.wall += DAY;
    agent.look();
    agent.clock.pass(HOLD_SECONDS / 2);
    agent.clock.wall -= 30;
    agent.look();
    agent.clock.pass(HOLD_SECONDS / 2);
    expect(agent.look().confirmed).toBe(NOW + DAY + HOLD_SECONDS);
  });
});

describe('across boots', () => {
  test('a boot adds its own uptime at least', () => {
    const agent = device();
    agent.clock.reboot({ wall: 0, uptime: 90 });
    expect(agent.look()).toEqual({ now: NOW + 90, confirmed: NOW + 90 });
  });

  test('time powered off counts at once, and is confirmed after an hour', () => {
    const agent = device();
    agent.clock.reboot({ offSeconds: 30 * DAY });
    expect(agent.look()).toEqual({ now: NOW + 30 * DAY, confirmed: NOW + 20 });
    expect(agent.run(HOLD_SECONDS).confirmed).toBe(NOW + 30 * DAY + HOLD_SECONDS);
  });

  test('the hour is added up over short boots of a consistent clock', () => {
    const agent = device();
    agent.clock.reboot({ offSeconds: 30 * DAY });
    agent.look();
    for (let boot = 0; boot < 5; boot += 1) {
      agent.run(800);
      agent.clock.reboot({ offSeconds: 10 });
    }
    expect(agent.look().confirmed).toBeGreaterThan(NOW + 30 * DAY);
  });

  test('a boot at 1970 drops a candidate, and the next one starts at nothing', () => {
    const agent = device();
    agent.clock.reboot({ offSeconds: 30 * DAY });
    agent.run(HOLD_SECONDS - 120);
    agent.clock.reboot({ wall: 5 });
    agent.look();
    agent.clock.reboot({ wall: NOW + 31 * DAY });
    agent.look();
    agent.run(600);
    expect(agent.look().confirmed).toBeLessThan(NOW + DAY);
    expect(agent.mark.candidate?.heldSeconds).toBe(600);
  });
});

describe('signed server time', () => {
  test('moves the mark forward in any boot', () => {
    const agent = device(0);
    agent.clock.wall = 0;
    expect(agent.signed(NOW, { bootId: 'boot-0', uptime: 5 })).toEqual({ now: NOW, confirmed: NOW });
  });

  test('moves it backward to iat plus the time since the request, if that was made in this boot', () => {
    const agent = device(NOW + 5 * DAY);
    const request = agent.clock.read();
    agent.clock.pass(7);
    expect(agent.signed(NOW, request).confirmed).toBe(NOW + 7);
  });

  test('never moves it backward for a request of another boot', () => {
    const agent = device(NOW + 5 * DAY);
    expect(agent.signed(NOW, { bootId: 'boot-0', uptime: 5 }).confirmed).toBe(NOW + 5 * DAY);
  });

  test('a file request answered weeks later moves the mark to iat, not beyond the time since', () => {
    const agent = device();
    const request = agent.clock.read();
    agent.run(20 * DAY);
    expect(agent.signed(NOW + DAY, request).confirmed).toBe(NOW + 20 * DAY);
  });

  test('drops a candidate that it refutes', () => {
    const agent = device();
    agent.clock.wall += 400 * DAY;
    agent.run(HOLD_SECONDS / 2);
    agent.signed(NOW + HOLD_SECONDS / 2);
    expect(agent.mark.candidate).toBeUndefined();
  });
});

describe('a wall clock that is known to be ahead', () => {
  test('ends nothing an hour after each refresh', () => {
    const agent = device();
    agent.clock.wall += 400 * DAY;
    agent.signed(NOW);
    expect(agent.run(3 * HOUR)).toEqual({ now: NOW + 3 * HOUR, confirmed: NOW + 3 * HOUR });
  });

  test('still tells of a machine that was paused', () => {
    const agent = device();
    agent.clock.wall += 400 * DAY;
    agent.signed(NOW);
    agent.clock.wall += 2 * DAY;
    expect(agent.look()).toEqual({ now: NOW + 2 * DAY, confirmed: NOW });
    expect(agent.run(HOLD_SECONDS).confirmed).toBe(NOW + 2 * DAY + HOLD_SECONDS);
  });

  test('is not known any more after a boot', () => {
    const agent = device();
    agent.clock.wall += 400 * DAY;
    agent.signed(NOW);
    agent.clock.reboot();
    expect(agent.look()).toEqual({ now: NOW + 400 * DAY, confirmed: NOW + 20 });
    expect(agent.mark.wallError).toBeUndefined();
  });

  test('is taken anew with each signed time', () => {
    const agent = device();
    agent.clock.wall += 400 * DAY;
    agent.signed(NOW);
    agent.clock.wall = NOW;
    agent.signed(NOW);
    expect(agent.mark.wallError).toBeUndefined();
  });
});
