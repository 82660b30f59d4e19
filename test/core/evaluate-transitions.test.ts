import { describe, expect, test } from 'vitest';
import { bindFingerprint, digestComponents } from '#core/device/fingerprint.ts';
import { type DenialCode, isEnding } from '#core/documents/license-denial.ts';
import {
  type Evidence,
  evaluate,
  STATES,
  type State,
  type TrustedTime,
  usableUntil,
} from '#core/evaluate.ts';
import { newSecret } from '#core/ids.ts';
import { NOW, World } from '../support/world.ts';

const world = new World();
const board = digestComponents({ boardSerial: ['B1'], productUuid: ['U1'], macs: ['M1'] }, newSecret());
const otherBoard = digestComponents({ boardSerial: ['B2'], productUuid: ['U2'], macs: ['M2'] }, newSecret());
const claims = world.tokenClaims();
const token = { ...claims, fingerprint: bindFingerprint(board, claims.license) };
const end = usableUntil(token);
const at = (now: number): TrustedTime => ({ now, confirmed: now });

interface Situation {
  readonly evidence: Evidence;
  readonly time: TrustedTime;
}

const held: Evidence = { token, fingerprint: board };
const denial = (code: DenialCode) => world.denialClaims(code, { license: token.license });

/** A device in each state. */
const SITUATIONS: Record<State, Situation> = {
  unlicensed: { evidence: { fingerprint: board }, time: at(NOW) },
  active: { evidence: held, time: at(NOW) },
  grace: { evidence: held, time: at(token.exp) },
  expired: { evidence: held, time: at(end) },
  suspended: { evidence: { ...held, denial: denial('suspended') }, time: at(NOW) },
  released: { evidence: { fingerprint: board, denial: denial('released') }, time: at(NOW) },
  transferred: { evidence: { fingerprint: board, departed: 'transferred' }, time: at(NOW) },
  different_device: { evidence: { ...held, fingerprint: otherBoard }, time: at(NOW) },
  invalid: { evidence: { ...held, token: undefined, fault: 'signature_invalid' }, time: at(NOW) },
};

/** What a denial does to what is held: the ending ones delete the token. Source: protocol, "What ends a license". */
const denied =
  (code: DenialCode) =>
  ({ evidence, time }: Situation): Situation => {
    if (isEnding(code))
      return { evidence: { fingerprint: evidence.fingerprint, denial: denial(code) }, time };
    const pauses = code === 'suspended' && evidence.token !== undefined;
    return pauses ? { evidence: { ...evidence, denial: denial(code) }, time } : { evidence, time };
  };
const later =
  (time: TrustedTime) =>
  ({ evidence }: Situation): Situation => ({ evidence, time });
const given =
  (changes: Partial<Evidence>) =>
  ({ evidence, time }: Situation): Situation => ({
    evidence: { ...evidence, ...changes },
    time,
  });

/** All that can happen to a device. */
const EVENTS: Record<string, (situation: Situation) => Situation> = {
  token: ({ evidence: { fingerprint }, time }) => ({ evidence: { token, fingerprint }, time }),
  suspended: denied('suspended'),
  released: denied('released'),
  transferred: denied('transferred'),
  different_device: denied('different_device'),
  refused: denied('quota_exhausted'),
  unknown: denied('unknown_license'),
  'exp passes': later(at(token.exp)),
  'the end passes': later(at(end)),
  'the clock jumps': later({ now: end, confirmed: NOW }),
  'clock at 1970': later({ now: 0, confirmed: 0 }),
  'other board': given({ fingerprint: otherBoard }),
  altered: given({ token: undefined, denial: undefined, fault: 'signature_invalid' }),
  'store lost': given({ token: undefined, denial: undefined, departed: undefined, fault: 'store_damaged' }),
  'given up': given({ token: undefined, denial: undefined, departed: 'released', fault: undefined }),
};

/** From the state of the row, by the event of the column. */
const TABLE = `
                 | unlicensed  | active           | grace            | expired          | suspended        | released         | transferred      | different_device | invalid
token            | active      | active           | grace            | expired          | active           | active           | active           | different_device | active
suspended        | unlicensed  | suspended        | suspended        | suspended        | suspended        | released         | transferred      | different_device | invalid
released         | released    | released         | released         | released         | released         | released         | released         | released         | released
transferred      | transferred | transferred      | transferred      | transferred      | transferred      | transferred      | transferred      | transferred      | transferred
different_device | different_device | different_device | different_device | different_device | different_device | different_device | different_device | different_device | different_device
refused          | unlicensed  | active           | grace            | expired          | suspended        | released         | transferred      | different_device | invalid
unknown          | unlicensed  | active           | grace            | expired          | suspended        | released         | transferred      | different_device | invalid
exp passes       | unlicensed  | grace            | grace            | grace            | suspended        | released         | transferred      | different_device | invalid
the end passes   | unlicensed  | expired          | expired          | expired          | suspended        | released         | transferred      | different_device | invalid
the clock jumps  | unlicensed  | grace            | grace            | grace            | suspended        | released         | transferred      | different_device | invalid
clock at 1970    | unlicensed  | active           | active           | active           | suspended        | released         | transferred      | different_device | invalid
other board      | unlicensed  | different_device | different_device | different_device | different_device | released         | transferred      | different_device | invalid
altered          | invalid     | invalid          | invalid          | invalid          | invalid          | invalid          | transferred      | invalid          | invalid
store lost       | invalid     | invalid          | invalid          | invalid          | invalid          | invalid          | invalid          | invalid          | invalid
given up         | released    | released         | released         | released         | released         | released         | released         | released         | released
`;

const [head = [], ...rows] = TABLE.trim()
  .split('\n')
  .map((line) => line.split('|').map((cell) => cell.trim()));

describe('every event in every state', () => {
  test('the table has all of them', () => {
    expect(head.filter((cell) => cell !== '').toSorted()).toEqual([...STATES].toSorted());
    expect(rows.map(([event]) => event)).toEqual(Object.keys(EVENTS));
  });

  test.each(STATES)('the situation of %s is one', (state) => {
    const { evidence, time } = SITUATIONS[state];
    expect(evaluate(evidence, time).state).toBe(state);
  });

  const states = head.filter((cell) => cell !== '') as State[];
  const cases = rows.flatMap(([event = '', ...cells]) =>
    states.map((state, index) => [state, event, cells[index] as State] as const),
  );
  test.each(cases)('%s, %s → %s', (state, event, expected) => {
    const { evidence, time } = EVENTS[event]?.(SITUATIONS[state]) ?? expect.unreachable();
    const verdict = evaluate(evidence, time);
    expect(verdict.state).toBe(expected);
    const usable = expected === 'active' || expected === 'grace';
    expect([verdict.capabilities.video.allowed, verdict.reason === 0]).toEqual([usable, usable]);
    expect(verdict.until === undefined).toBe(!usable);
  });
});
