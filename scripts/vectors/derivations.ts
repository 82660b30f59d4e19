import { addValidity, isWithinPeriod } from '#core/calendar.ts';
import { type Category, derivePid, deriveRenewId, type Sku, type Validity } from '#core/catalog.ts';
import {
  bindFingerprint,
  type Components,
  digestComponents,
  type Fingerprint,
  matchFingerprint,
} from '#core/device/fingerprint.ts';
import { deriveLicenseKey, type LicenseKeyStrategy } from '#core/device/license-key.ts';
import type { ErrorCode } from '#core/errors.ts';
import {
  components,
  fingerprint,
  fingerprintKey,
  idOf,
  license,
  oneYear,
  pid,
  secretOf,
  sku,
} from './parties.ts';
import type { VectorCase, VectorFile } from './vector-file.ts';

export function pidVectors(): VectorFile {
  const of = (
    name: string,
    changes: Partial<Sku>,
    validity: Validity = oneYear,
    category: Category = 'device',
  ): VectorCase => {
    const whole = { ...sku, ...changes };
    return { name, sku: whole, validity, category, valid: true, pid: derivePid(whole, validity, category) };
  };
  const renew = (name: string, base: string, validity: Validity): VectorCase => ({
    name,
    pid: base,
    validity,
    valid: true,
    renewId: deriveRenewId(base, validity),
  });
  return {
    description:
      'PID: the first 128 bits, upper-case hex, of the SHA-256 over the JSON text without white space of ["license-pid",1,product,mediaType,minutes,period,zone,category,unit,count]. renewId: the same over ["license-renewal",1,pid,unit,count]. Company and label are no part of them.',
    cases: [
      of('RTC, audio and video, a year', {}),
      of('RTSA', { product: 2 }),
      of('FPA', { product: 3 }),
      of('audio', { mediaType: 1 }),
      of('video', { mediaType: 2 }),
      of('minutes', { minutes: 100_000 }),
      of('a period', { period: '08:00~18:00' }),
      of('a period over midnight', { period: '22:00~06:00' }),
      of('another zone', { zone: 'Europe/Berlin' }),
      of('a label is no part of it', { label: 'Classroom' } as Partial<Sku>),
      of('two years', {}, { unit: 'year', count: 2 }),
      of('a trial of three months', {}, { unit: 'month', count: 3 }),
      of('twelve months are not one year', {}, { unit: 'month', count: 12 }),
      of('an account license', {}, oneYear, 'account'),
      renew('a renewal of a year', pid, oneYear),
      renew('a renewal of three months', pid, { unit: 'month', count: 3 }),
      renew('a renewal of another PID', idOf('other pid'), oneYear),
    ],
  };
}

const seconds = (iso: string) => Date.parse(iso) / 1000;

export function calendarVectors(): VectorFile {
  const end = (name: string, start: number | string, validity: Validity): VectorCase => {
    const at = typeof start === 'string' ? seconds(start) : start;
    return { name, at, validity, valid: true, end: addValidity(at, validity) };
  };
  return {
    description:
      'The end of a validity that starts at `at`, both in Unix seconds: calendar arithmetic in UTC, same time of day, the last day of a month that is too short; nothing ends after 9999-12-31T23:59:59Z.',
    source: 'the first two: documented examples of the public license API',
    cases: [
      end('documented: a year', 1_663_743_436, { unit: 'year', count: 1 }),
      end('documented: three months', 1_660_205_290, { unit: 'month', count: 3 }),
      end('31 January and a month', '2025-01-31T10:20:30Z', { unit: 'month', count: 1 }),
      end('31 January and a month in a leap year', '2024-01-31T10:20:30Z', { unit: 'month', count: 1 }),
      end('30 November and three months', '2025-11-30T00:00:00Z', { unit: 'month', count: 3 }),
      end('31 August and three months', '2025-08-31T23:59:59Z', { unit: 'month', count: 3 }),
      end('29 February and a year', '2024-02-29T12:00:00Z', { unit: 'year', count: 1 }),
      end('29 February and four years', '2024-02-29T12:00:00Z', { unit: 'year', count: 4 }),
      end('29 February and 12 months', '2024-02-29T12:00:00Z', { unit: 'month', count: 12 }),
      end('2100 is no leap year', '2096-02-29T00:00:00Z', { unit: 'year', count: 4 }),
      end('from 1970', 0, { unit: 'year', count: 100 }),
      end('after 2038', '2038-01-19T03:14:08Z', { unit: 'month', count: 6 }),
      end('at the end of time', 253_402_300_799, { unit: 'year', count: 1 }),
    ],
  };
}

export function periodVectors(): VectorFile {
  const within = (iso: string, period: string, zone: string): VectorCase => ({
    name: `${iso} in ${period} ${zone}`,
    at: seconds(iso),
    period,
    zone,
    valid: true,
    within: isWithinPeriod(seconds(iso), period, zone),
  });
  return {
    description:
      'Whether a moment (Unix seconds) lies in a daily period, by the clock of an IANA zone. The end minute is inclusive; a start after the end wraps over midnight.',
    cases: [
      within('2026-03-01T00:00:00Z', '00:00~23:59', 'UTC'),
      within('2026-03-01T23:59:59Z', '00:00~23:59', 'Asia/Shanghai'),
      within('2026-03-01T07:59:59Z', '08:00~18:00', 'UTC'),
      within('2026-03-01T08:00:00Z', '08:00~18:00', 'UTC'),
      within('2026-03-01T18:00:59Z', '08:00~18:00', 'UTC'),
      within('2026-03-01T18:01:00Z', '08:00~18:00', 'UTC'),
      within('2026-03-01T00:00:00Z', '08:00~18:00', 'Asia/Shanghai'),
      within('2026-03-01T10:01:00Z', '08:00~18:00', 'Asia/Shanghai'),
      within('2026-03-01T21:59:59Z', '22:00~06:00', 'UTC'),
      within('2026-03-01T22:00:00Z', '22:00~06:00', 'UTC'),
      within('2026-03-02T00:00:00Z', '22:00~06:00', 'UTC'),
      within('2026-03-02T06:00:59Z', '22:00~06:00', 'UTC'),
      within('2026-03-02T06:01:00Z', '22:00~06:00', 'UTC'),
      within('2026-03-01T12:00:30Z', '12:00~12:00', 'UTC'),
      within('2026-01-15T06:30:00Z', '07:30~07:30', 'Europe/Berlin'),
      within('2026-07-15T05:30:00Z', '07:30~07:30', 'Europe/Berlin'),
      within('2026-07-15T06:30:00Z', '07:30~07:30', 'Europe/Berlin'),
      within('2026-03-01T02:15:00Z', '08:00~08:00', 'Asia/Kathmandu'),
    ],
  };
}

export function fingerprintVectors(): VectorFile {
  const digest = (name: string, input: Components, key = fingerprintKey): VectorCase => ({
    name,
    operation: 'digest',
    components: input,
    fingerprintKey: key,
    valid: true,
    fingerprint: digestComponents(input, key),
  });
  const bind = (name: string, to: string): VectorCase => ({
    name,
    operation: 'bind',
    fingerprint,
    license: to,
    valid: true,
    bound: bindFingerprint(fingerprint, to),
  });
  const match = (name: string, known: Fingerprint, seen: Fingerprint): VectorCase => ({
    name,
    operation: 'match',
    known,
    seen,
    valid: true,
    match: matchFingerprint(known, seen),
  });
  const six = ['boardSerial', 'productUuid', 'socSerial', 'macs', 'diskSerial', 'tpmKey'] as const;
  const machine = (count: number, value: string) =>
    Object.fromEntries(six.slice(0, count).map((name) => [name, [value]]));
  const table = [2, 3, 4, 5, 6].flatMap((both) =>
    Array.from({ length: both + 1 }, (_, equal) =>
      match(`${both} known to both, ${equal} equal`, machine(both, 'a'), {
        ...machine(both, 'b'),
        ...machine(equal, 'a'),
      }),
    ),
  );
  return {
    description:
      'Fingerprints. digest: d = HMAC-SHA256(32 bytes of fingerprintKey, "name:value") in base64url, of each component at most the 4 lowest distinct values in code unit order; absent components are left out. bind: the first 16 bytes of HMAC-SHA256(32 bytes of d, license value) in base64url; the order of several values of one component means nothing. match: of the components known to both (at least 2, else undecided; a component is equal where any value is), more than half equal is same, at most half different.',
    cases: [
      digest('a machine', components),
      digest('under the key of another App', components, secretOf('other fingerprint key')),
      digest('network cards found in another order, one twice', {
        macs: ['02:00:5e:00:53:02', '02:00:5e:00:53:01', '02:00:5e:00:53:02'],
      }),
      digest('more network cards than four', { macs: ['f', 'e', 'd', 'c', 'b', 'a'] }),
      digest('a component without values', { macs: [], boardSerial: ['B'] }),
      digest('nothing known', {}),
      bind('to a license', license),
      bind('to another license', idOf('other license')),
      match('nothing known to either', {}, {}),
      match('one known to both', { macs: ['a'] }, { macs: ['a'] }),
      match('none known to both', { macs: ['a'], tpmKey: ['a'] }, { boardSerial: ['a'], diskSerial: ['a'] }),
      match(
        'one network card in common',
        { macs: ['a', 'b'], tpmKey: ['a'] },
        { macs: ['b', 'c'], tpmKey: ['a'] },
      ),
      match(
        'a component that only one knows does not count',
        { macs: ['a'], tpmKey: ['a'], boardSerial: ['x'] },
        { macs: ['a'], tpmKey: ['a'], diskSerial: ['y'] },
      ),
      ...table,
    ],
  };
}

export function licenseKeyVectors(): VectorFile {
  const good = (name: string, licenseKey: string): VectorCase => ({ name, licenseKey, valid: true });
  const bad = (name: string, licenseKey: string): VectorCase => ({
    name,
    // A lone surrogate is no text in most languages, so it stands as UTF-16 code units.
    ...(licenseKey.isWellFormed()
      ? { licenseKey }
      : { utf16: Array.from({ length: licenseKey.length }, (_, at) => licenseKey.charCodeAt(at)) }),
    valid: false,
    code: 'license_key_invalid',
  });
  return {
    description:
      'LicenseKeys: 1–128 bytes of UTF-8; no control, format, surrogate, private, unassigned character, line or paragraph separator (Unicode Cc Cf Cs Co Cn Zl Zp); no white space around. Opaque and case-sensitive beyond that. `utf16` stands for a text by its code units where it is not well-formed.',
    source: 'documented: account or device id, at most 128 bytes',
    cases: [
      good('one character', 'A'),
      good('128 bytes', 'x'.repeat(128)),
      good('128 bytes in 64 characters', 'é'.repeat(64)),
      good('128 bytes in 32 characters', '😀'.repeat(32)),
      good("the IoT library's unpadded base32", 'OBZG6ZDVMN2EWZLZFVSGK5TJMNSUSZA'),
      good('a space inside', 'room 12'),
      good('an address', 'user@example.com'),
      bad('empty', ''),
      bad('129 bytes', 'x'.repeat(129)),
      bad('129 bytes in 65 characters', `${'é'.repeat(64)}x`),
      bad('a space before', ' A'),
      bad('a space behind', 'A '),
      bad('a no-break space behind', 'A\u00a0'),
      bad('an ideographic space before', '\u3000A'),
      bad('a line end behind', 'A\n'),
      bad('a tab inside', 'A\tB'),
      bad('NUL', 'A\u0000B'),
      bad('a C1 control', 'A\u0085B'),
      bad('a zero-width space', 'A\u200bB'),
      bad('a zero-width joiner', 'A\u200dB'),
      bad('a byte order mark', '\ufeffA'),
      bad('a right-to-left override', 'A\u202eB'),
      bad('a line separator', 'A\u2028B'),
      bad('a private character', 'A\ue000'),
      bad('a lone high surrogate', 'A\ud800'),
      bad('a lone low surrogate', '\udc00A'),
    ],
  };
}

export function licenseKeyDerivationVectors(): VectorFile {
  const machineId = '0123456789abcdef0123456789abcdef';
  const all: Components = {
    boardSerial: ['BOARD-7'],
    socSerial: ['SOC-7'],
    macs: ['02:aa:00:00:00:02', '02:aa:00:00:00:01'],
  };
  const { boardSerial: _, ...noBoard } = all;
  const derived = (
    name: string,
    strategy: LicenseKeyStrategy,
    input: Components,
    id: string | null = machineId,
  ): VectorCase => ({
    name,
    strategy,
    components: input,
    machineId: id,
    valid: true,
    ...deriveLicenseKey(strategy, input, id ?? undefined),
  });
  const not = (
    name: string,
    code: ErrorCode,
    strategy: LicenseKeyStrategy,
    input: Components = {},
    id: string | null = null,
  ): VectorCase => ({ name, strategy, components: input, machineId: id, valid: false, code });
  return {
    description:
      'How a device comes by its LicenseKey. Serial numbers as they are; the lowest MAC address in upper case without colons; of the machine-id the first 32 hex characters of HMAC-SHA256(key = machine-id text, text = "license-agent LicenseKey"); of a file its first line, trimmed. hardware: serial, else mac, else machine.',
    cases: [
      derived('hardware: board serial', { kind: 'hardware' }, all),
      derived('hardware: SoC serial', { kind: 'hardware' }, noBoard),
      derived('hardware: lowest MAC', { kind: 'hardware' }, { macs: all.macs ?? [] }),
      derived('hardware: machine-id', { kind: 'hardware' }, {}),
      derived('serial', { kind: 'serial' }, all, null),
      derived('mac', { kind: 'mac' }, all, null),
      derived('machine', { kind: 'machine' }, all),
      derived('file', { kind: 'file', content: ' LINE-1 \r\nLINE-2\n' }, {}, null),
      derived('literal', { kind: 'literal', value: 'user@example.com' }, {}, null),
      not('hardware on a machine that tells nothing', 'license_key_underivable', { kind: 'hardware' }),
      not(
        'serial on a machine that has none',
        'license_key_underivable',
        { kind: 'serial' },
        { macs: ['02:aa:00:00:00:01'] },
        machineId,
      ),
      not(
        'mac on a machine that has none',
        'license_key_underivable',
        { kind: 'mac' },
        { boardSerial: ['B'] },
        machineId,
      ),
      not('machine without machine-id', 'license_key_underivable', { kind: 'machine' }, all),
      not('file with an empty first line', 'license_key_invalid', { kind: 'file', content: '\nLINE-2' }),
      not('literal with a space before', 'license_key_invalid', { kind: 'literal', value: ' A' }),
    ],
  };
}
