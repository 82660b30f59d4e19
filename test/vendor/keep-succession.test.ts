import { existsSync, statSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import { generateSigningKey, type SigningKey } from '#core/keys.ts';
import {
  finishSuccession,
  keepSuccession,
  type SuccessionKept,
} from '../../server-stub/vendor/keep-succession.ts';
import { isUnchanged, readLedger } from '../../server-stub/vendor/ledger.ts';
import { openSealedKey, sealKey } from '../../server-stub/vendor/sealed-key.ts';
import { signSuccession } from '../../server-stub/vendor/sign-succession.ts';
import { openVendorFolder } from '../../server-stub/vendor/vendor-folder.ts';
import { withFailingWrites } from '../support/failing-writes.ts';
import { throwsWithCode } from '../support/throws.ts';
import { NOW } from '../support/world.ts';
import { PASSPHRASE, VendorFixture } from './vendor-fixture.ts';

/** Two runs that would each replace the root of the same vendor; sealing takes its time, so they are made once. */
let attempts: readonly [SuccessionKept, SuccessionKept];

beforeAll(async () => {
  const fixture = await VendorFixture.create();
  const open = (name: string) => openSealedKey(fixture.read(`vendor/${name}.key.json`), PASSPHRASE, name);
  const present = { root: await open('root'), spare: await open('spare') };
  const attempt = async (): Promise<SuccessionKept> => {
    const next = { root: generateSigningKey(), spare: generateSigningKey() };
    const seal = (key: SigningKey) => sealKey(key, PASSPHRASE);
    const sealed = { sealedRoot: await seal(next.root), sealedSpare: await seal(next.spare) };
    return { ...sealed, ...(await signSuccession(fixture.roots, present, next, NOW)) };
  };
  attempts = [await attempt(), await attempt()];
});

/** The key that a sealed file says it holds. */
function sealedIn(fixture: VendorFixture, name: string): string {
  const { protected: header } = JSON.parse(fixture.read(`vendor/${name}`));
  return JSON.parse(Buffer.from(header, 'base64url').toString('utf8')).kid;
}

/** Version, root and spare: as the roots file, the key files and the ledger each have them. */
function threeAccounts(fixture: VendorFixture) {
  const { roots } = openVendorFolder(fixture.dir);
  const version = roots.all.length;
  const suffix = version === 1 ? 'key.json' : `key.${version}.json`;
  const entry = readLedger(`${fixture.dir}/ledger.jsonl`).entries.findLast(
    (each) => each.kind === 'init' || each.kind === 'succession',
  );
  const named = entry?.kind === 'succession' ? entry.version : 1;
  return [
    [version, roots.root.thumbprint, roots.spare.thumbprint],
    [version, sealedIn(fixture, `root.${suffix}`), sealedIn(fixture, `spare.${suffix}`)],
    [named, entry?.root, entry?.spare],
  ];
}

function expectOneAccount(fixture: VendorFixture): void {
  const [roots, keys, ledger] = threeAccounts(fixture);
  expect([keys, ledger]).toEqual([roots, roots]);
}

describe.each([
  { which: 'one', cut: 'half' },
  { which: 'one', cut: 'all but its end' },
  { which: 'all from there', cut: 'half' },
  { which: 'all from there', cut: 'all but its end' },
] as const)('a replacement of the root whose writes fail ($which, after $cut)', (how) => {
  test('is as if it had never begun, or finished by doing it again; no key that the ledger names is lost', async () => {
    const outcomes = { before: 0, unfinished: 0, done: 0 };
    for (let at = 1; ; at += 1) {
      const fixture = await VendorFixture.create();
      const [first, second] = attempts;
      const rootsFile = fixture.read('vendor/vendor-roots.json');
      const folder = openVendorFolder(fixture.dir);
      if (!(await withFailingWrites({ at, ...how }, () => keepSuccession(folder, first)))) break;

      const recorded = readLedger(`${fixture.dir}/ledger.jsonl`).entries.length > 1;
      if (!recorded) expect(fixture.read('vendor/vendor-roots.json')).toBe(rootsFile);
      const finished = finishSuccession(fixture.dir);
      if (recorded) {
        outcomes[finished === undefined ? 'done' : 'unfinished'] += 1;
        if (finished !== undefined) expect(finished).toEqual(first.entry);
      } else {
        outcomes.before += 1;
        expectOneAccount(fixture);
        keepSuccession(openVendorFolder(fixture.dir), second);
      }
      expectOneAccount(fixture);
      expect(threeAccounts(fixture)[0]?.[1]).toBe((recorded ? first : second).entry.root);
      for (const name of ['root', 'spare'])
        expect(statSync(`${fixture.dir}/${name}.key.2.json`).mode & 0o777).toBe(0o600);
      if (finished !== undefined || !recorded) expect(existsSync(`${fixture.dir}/next`)).toBe(false);
    }
    for (const count of Object.values(outcomes)) expect(count).toBeGreaterThan(0);
  });
});

test('of two that read the same ledger the second changes nothing, whatever the first left undone', async () => {
  for (let at = 1; ; at += 1) {
    const fixture = await VendorFixture.create();
    const [first, second] = attempts;
    const [one, two] = [openVendorFolder(fixture.dir), openVendorFolder(fixture.dir)];
    const ledger = readLedger(`${fixture.dir}/ledger.jsonl`);
    const failed = await withFailingWrites({ at, which: 'all from there', cut: 'half' }, () =>
      keepSuccession(one, first),
    );
    if (!isUnchanged(ledger)) await throwsWithCode(() => keepSuccession(two, second), 'ledger_changed');
    else keepSuccession(two, second);
    finishSuccession(fixture.dir);
    expectOneAccount(fixture);
    if (!failed) break;
  }
});
