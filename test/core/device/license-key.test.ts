import { expect, test } from 'vitest';
import type { Components } from '#core/device/fingerprint.ts';
import { deriveLicenseKey, type LicenseKeyStrategy } from '#core/device/license-key.ts';
import { codeOf } from '../../support/forge.ts';

const MACHINE_ID = '0123456789abcdef0123456789abcdef';
const machine: Components = {
  boardSerial: ['BOARD-7'],
  socSerial: ['SOC-7'],
  macs: ['02:aa:00:00:00:02', '02:aa:00:00:00:01'],
};

test.each<[LicenseKeyStrategy, Components, string, string, boolean]>([
  [{ kind: 'hardware' }, machine, 'BOARD-7', 'serial', false],
  [{ kind: 'hardware' }, { ...machine, boardSerial: [] }, 'SOC-7', 'serial', false],
  [{ kind: 'hardware' }, { ...machine, boardSerial: ['x'.repeat(129)] }, 'SOC-7', 'serial', false],
  [{ kind: 'hardware' }, { macs: ['02:aa:00:00:00:02', '02:aa:00:00:00:01'] }, '02AA00000001', 'mac', false],
  [{ kind: 'serial' }, { socSerial: ['SOC-7'] }, 'SOC-7', 'serial', false],
  [{ kind: 'mac' }, machine, '02AA00000001', 'mac', false],
  [{ kind: 'literal', value: 'user@example.com' }, {}, 'user@example.com', 'literal', false],
  [{ kind: 'file', content: ' LINE-1 \r\nLINE-2\n' }, {}, 'LINE-1', 'file', false],
  [{ kind: 'file', content: '\ufeffLINE-1' }, {}, 'LINE-1', 'file', false],
])('%j on %j gives %s', (strategy, components, licenseKey, source, shared) => {
  expect(deriveLicenseKey(strategy, components, MACHINE_ID)).toEqual({ licenseKey, source, shared });
});

test('the machine-id goes in hashed, and is said to be shared by images', () => {
  for (const kind of ['machine', 'hardware'] as const) {
    const derived = deriveLicenseKey({ kind }, {}, MACHINE_ID);
    expect(derived).toEqual({
      licenseKey: expect.stringMatching(/^[0-9a-f]{32}$/),
      source: 'machine',
      shared: true,
    });
    expect(derived.licenseKey).not.toBe(MACHINE_ID);
  }
});

test.each(['hardware', 'serial', 'mac', 'machine'] as const)(
  'strategy %s on a machine that tells nothing says so',
  async (kind) => {
    expect(await codeOf(() => deriveLicenseKey({ kind }, {}, undefined))).toBe('license_key_underivable');
  },
);

test('a strategy takes nothing that it does not name', async () => {
  expect(await codeOf(() => deriveLicenseKey({ kind: 'serial' }, { macs: ['m'] }, MACHINE_ID))).toBe(
    'license_key_underivable',
  );
  expect(await codeOf(() => deriveLicenseKey({ kind: 'mac' }, { boardSerial: ['b'] }, MACHINE_ID))).toBe(
    'license_key_underivable',
  );
  expect(await codeOf(() => deriveLicenseKey({ kind: 'machine' }, machine, undefined))).toBe(
    'license_key_underivable',
  );
});

test.each<LicenseKeyStrategy>([
  { kind: 'literal', value: '' },
  { kind: 'literal', value: ' A' },
  { kind: 'literal', value: 'x'.repeat(129) },
  { kind: 'file', content: '' },
  { kind: 'file', content: '\nLINE-2' },
  { kind: 'file', content: 'A\u0000B' },
])('%j is no LicenseKey', async (strategy) => {
  expect(await codeOf(() => deriveLicenseKey(strategy, machine, MACHINE_ID))).toBe('license_key_invalid');
});
