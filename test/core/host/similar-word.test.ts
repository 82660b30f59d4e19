import { expect, test } from 'vitest';
import { similarWord } from '#core/host/similar-word.ts';

const COMMANDS = ['quota', 'app', 'apply', 'audit', 'license', 'enrollment', 'import', 'report'];

test.each([
  ['quta', 'quota'],
  ['qutoa', 'quota'],
  ['quotas', 'quota'],
  ['ap', 'app'],
  ['aply', 'apply'],
  ['lisence', 'license'],
  ['enrolment', 'enrollment'],
  ['licences', 'license'],
  ['serve', undefined],
  ['x', undefined],
  ['', undefined],
  ['移除', undefined],
])('"%s" was probably meant as %s', (word, meant) => {
  expect(similarWord(word, COMMANDS)).toBe(meant);
});
