import { appendFileSync, rmSync, truncateSync } from 'node:fs';
import { beforeEach, describe, expect, test } from 'vitest';
import { holdLedger } from '../../server-stub/vendor/hold-ledger.ts';
import { readLedger } from '../../server-stub/vendor/ledger.ts';
import { englishIn } from '../support/chinese.ts';
import { throwsWithCode } from '../support/throws.ts';
import { Applicant, VendorFixture } from './vendor-fixture.ts';

let fixture: VendorFixture;
let file: string;

beforeEach(async () => {
  fixture = await VendorFixture.create();
  file = fixture.path('vendor/ledger.jsonl');
});

describe('the ledger', () => {
  test('passes over a line that a crash cut short, says so, and goes on on a whole line', async () => {
    const args = [fixture.write('application.jwt', await new Applicant().apply()), '--out', '-'];
    await fixture.certify(args);
    const whole = fixture.ledger;
    appendFileSync(file, Buffer.from('{"kind":"grant","at":17\xe4\xb8', 'latin1'));

    const next = await fixture.certify(args);
    expect(next.json).toMatchObject({ serial: 2 });
    expect(next.err).toContain('torn');
    expect(fixture.ledger.startsWith(whole)).toBe(true);
    expect(fixture.entries).toHaveLength(3);
    expect((await fixture.certify(args)).err).toBe('');
  });

  test('counts a last line that lost no more than its end', async () => {
    const args = [fixture.write('application.jwt', await new Applicant().apply()), '--out', '-'];
    await fixture.certify(args);
    truncateSync(file, Buffer.byteLength(fixture.ledger) - 1);
    const next = await fixture.certify(args);
    expect(next).toMatchObject({ code: 0, err: '', json: { serial: 2 } });
    expect(fixture.entries).toHaveLength(3);
  });

  test.each([
    ['a line in the middle that is not JSON', () => `${fixture.ledger}oops\n${fixture.ledger}`, 2],
    ['an entry of a kind that we do not make', () => `${fixture.ledger}{"kind":"gift"}\n`, 2],
    ['a ledger that lost its beginning', () => '', 1],
    ["another vendor's ledger", () => fixture.ledger.replace(/"root":"...../, '"root":"AAAAA'), 1],
  ])('refuses to sign on %s', async (_, damage, line) => {
    fixture.write('vendor/ledger.jsonl', damage());
    const refused = await fixture.grant(new Applicant().orderOptions);
    expect(refused).toMatchObject({ code: 6, json: { error: 'ledger_damaged', detail: { file, line } } });
  });

  test('refuses to sign without a ledger, rather than to begin with serial 1 again', async () => {
    rmSync(file);
    const refused = await fixture.grant(new Applicant().orderOptions);
    expect(refused).toMatchObject({ code: 6, json: { error: 'ledger_damaged' } });
  });

  test('refuses what was decided on a ledger that another run has written to since', async () => {
    const [first, second] = [readLedger(file), readLedger(file)];
    const entry = first.entries[0];
    if (entry === undefined) throw new Error('a ledger begins with an entry');
    const grown = holdLedger(first, (append) => append(entry));
    await throwsWithCode(() => holdLedger(second, (append) => append(entry)), 'ledger_changed');
    expect(readLedger(file).entries).toHaveLength(2);
    holdLedger(grown, (append) => append(entry));
    expect(readLedger(file)).toMatchObject({ torn: false, entries: [entry, entry, entry] });
  });

  test('sees that another line of the same length took the place of a torn one, or that a copy of before was put back', async () => {
    const whole = fixture.ledger;
    appendFileSync(file, '{"kind":"x"');
    const torn = readLedger(file);
    truncateSync(file, Buffer.byteLength(whole));
    appendFileSync(file, '{"kind":"y"');
    await throwsWithCode(() => holdLedger(torn, () => undefined), 'ledger_changed');
    appendFileSync(file, 'z'.repeat(100));
    const longer = readLedger(file);
    truncateSync(file, Buffer.byteLength(whole) - 5);
    await throwsWithCode(() => holdLedger(longer, () => undefined), 'ledger_changed');
  });

  test('refuses to sign on a ledger that is older than the root keys', async () => {
    const old = fixture.ledger;
    await fixture.run(['replace-root', '--dir', fixture.dir]);
    fixture.write('vendor/ledger.jsonl', old);
    const refused = await fixture.grant(new Applicant().orderOptions);
    expect(refused).toMatchObject({ code: 6, json: { error: 'ledger_damaged', detail: { line: 1 } } });
    const told = await fixture.run(['replace-root', '--dir', fixture.dir], { language: 'zh' });
    expect([told.code, englishIn(told.err.replaceAll(fixture.folder, ''))]).toEqual([6, []]);
  });
});
