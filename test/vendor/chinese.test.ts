import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { englishIn } from '../support/chinese.ts';
import { VendorFixture } from './vendor-fixture.ts';

const ORDER = ['--server-id', 'A'.repeat(32), '--cid', '1', '--name', 'n', '--app', 'a'.repeat(32)];

test.each([
  [[]],
  [['frob']],
  [['certify', 'nothing']],
  [['certify', 'FILE']],
  [['certify', 'FILE', '--years', '0']],
  [['certify', 'FILE', '--serial', 'x']],
  [['show', 'FILE']],
  [['show', 'nothing']],
  [['show', 'FILE', '--roots', 'x']],
  [['grant', '--server-id', 'x']],
  [['grant', '--cid', '!']],
  [['grant', '--replaces', 'x']],
  [['grant', '--token-life', '0']],
  [['grant', '--transfers-per-year', 'x']],
  [['grant', '--app', 'x', ...ORDER]],
  [['grant', '--replaces', 'B'.repeat(32), ...ORDER]],
  [['grant', '--purchase', 'colour=red', ...ORDER]],
  [['grant', '--purchase', `validity=1y,count=1,app=${'b'.repeat(32)}`, ...ORDER]],
  [['grant', '--renewal', `pid=${'C'.repeat(32)},validity=1y,count=1`, ...ORDER]],
  [['grant', '--out', '/nowhere/at/all.jwt', ...ORDER]],
])('%j is refused in Chinese alone', async (args) => {
  const vendor = await VendorFixture.create();
  writeFileSync(join(vendor.folder, 'file'), 'no document');
  const dir = args.length > 1 ? ['--dir', vendor.dir] : [];
  const words = args.map((word) => word.replace(/^FILE$/, join(vendor.folder, 'file')));
  const { code, err } = await vendor.run([...words, ...dir], { language: 'zh' });
  expect([code > 0, englishIn(err)]).toEqual([true, []]);
  expect(err).toMatch(/\p{Script=Han}/u);
});

test('a ledger and a key file that are damaged say so in Chinese alone', async () => {
  const vendor = await VendorFixture.create();
  const file = vendor.path('vendor/ledger.jsonl');
  for (const text of [
    '',
    'x\n',
    `${vendor.ledger}{"kind":"other"}\n`,
    vendor.ledger.replace(/"root":"..../, '"root":"AAAA'),
  ]) {
    writeFileSync(file, text);
    const { err } = await vendor.run(['grant', '--dir', vendor.dir, ...ORDER, '--yes'], { language: 'zh' });
    expect(err).toContain('[ledger_damaged]');
    expect(englishIn(err)).toEqual([]);
  }
});
