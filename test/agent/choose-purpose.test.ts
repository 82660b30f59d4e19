import { expect, test } from 'vitest';
import type { DenialCode } from '#core/documents/license-denial.ts';
import type { ErrorCode } from '#core/errors.ts';
import type { State } from '#core/evaluate.ts';
import { choosePurpose } from '../../agent/choose-purpose.ts';
import { World } from '../support/world.ts';

const world = new World();

test.each<[State, ErrorCode | undefined, DenialCode | undefined, string | undefined, string | undefined]>([
  // state, fault, denial, last outcome → what the daemon asks for
  ['unlicensed', undefined, undefined, undefined, 'activate'],
  ['unlicensed', undefined, undefined, 'quota_exhausted', 'activate'],
  ['active', undefined, undefined, 'ok', 'refresh'],
  ['active', undefined, undefined, 'unknown_license', 'refresh'],
  ['grace', undefined, undefined, 'server_unreachable', 'refresh'],
  ['expired', undefined, undefined, 'ok', 'refresh'],
  ['expired', undefined, undefined, 'unknown_license', 'activate'],
  ['different_device', undefined, undefined, 'ok', 'refresh'],
  ['suspended', undefined, 'suspended', 'suspended', 'refresh'],
  ['released', undefined, 'released', 'released', undefined],
  ['transferred', undefined, 'transferred', 'transferred', undefined],
  ['different_device', undefined, 'different_device', 'different_device', undefined],
  ['invalid', 'signature_invalid', undefined, 'ok', 'refresh'],
  ['invalid', 'signature_invalid', undefined, 'unknown_license', 'activate'],
  ['invalid', 'signature_invalid', undefined, 'enrollment_rejected', 'activate'],
  ['invalid', 'store_damaged', undefined, undefined, 'activate'],
  ['invalid', 'answer_for_another_device', undefined, undefined, 'activate'],
  ['invalid', 'issuer_mismatch', undefined, undefined, 'activate'],
])('%s, %s, denial %s, last outcome %s → %s', (state, fault, code, lastOutcome, expected) => {
  const denial = code && world.denialClaims(code);
  expect(choosePurpose({ state, ...(fault && { fault }) }, denial ? { denial } : {}, { lastOutcome })).toBe(
    expected,
  );
});

test.each([
  ['released', 'server_unreachable', ['release'], 'release'],
  ['released', 'unknown_license', [], undefined],
  ['transferred', 'server_unreachable', ['transfer'], 'transfer'],
  ['transferred', undefined, [], 'activate'],
] as const)(
  'given up as %s, last outcome %s, waiting for %s → %s',
  (departed, lastOutcome, waiting, expected) => {
    expect(choosePurpose({ state: departed }, { departed }, { lastOutcome, waiting })).toBe(expected);
  },
);

test('a renewal that was not answered is asked for again before anything else', () => {
  expect(choosePurpose({ state: 'active' }, {}, { waiting: ['renew'] })).toBe('renew');
});
