import { describe, expect, test } from 'vitest';
import { DOCUMENT_CODES, DOCUMENT_TYPES, documentKind, documentKinds } from '../../support/document-kinds.ts';
import { codeOf } from '../../support/forge.ts';
import { World } from '../../support/world.ts';

const BASE64URL = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** All single-bit changes of a text, as the bytes would stand on a disk. */
function* bitFlips(text: string): Generator<string> {
  const bytes = Buffer.from(text, 'latin1');
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const at = bit >> 3;
    const original = bytes[at] as number;
    bytes[at] = original ^ (1 << (bit & 7));
    yield bytes.toString('latin1');
    bytes[at] = original;
  }
}

/** All texts that a lenient decoder reads as the same bytes as one base64url part. */
function otherSpellings(part: string): string[] {
  const padded = part.padEnd(Math.ceil(part.length / 4) * 4, '=');
  const spellings = [
    padded,
    `${part}=`,
    `${part}==`,
    part.replaceAll('-', '+'),
    part.replaceAll('_', '/'),
    part.replaceAll('-', '+').replaceAll('_', '/'),
    `${part}\n`,
    ` ${part}`,
    `${part.slice(0, 4)}\r\n${part.slice(4)}`,
    `${part.slice(0, 3)}!${part.slice(3)}`,
    `${part}\u0000`,
  ];
  const unusedBits = { 2: 4, 3: 2 }[part.length % 4] ?? 0;
  const last = BASE64URL.indexOf(part.slice(-1));
  for (let extra = 1; extra < 1 << unusedBits; extra++) {
    spellings.push(part.slice(0, -1) + BASE64URL.charAt(last ^ extra));
  }
  return spellings.filter((spelling) => spelling !== part);
}

describe.each(DOCUMENT_TYPES)('%s', (typ) => {
  test('is accepted as it was made', async () => {
    const kind = await documentKind(new World(), typ);
    expect(await codeOf(() => kind.verify(kind.compact))).toBe('accepted');
  });

  test('with any one bit flipped is refused with a code of its own', async () => {
    const kind = await documentKind(new World(), typ);
    const seen = new Map<string, number>();
    for (const flipped of bitFlips(kind.compact)) {
      const code = await codeOf(() => kind.verify(flipped));
      seen.set(code, (seen.get(code) ?? 0) + 1);
    }
    expect([...seen.keys()].filter((code) => !DOCUMENT_CODES.includes(code))).toEqual([]);
    expect([...seen.values()].reduce((sum, count) => sum + count, 0)).toBe(kind.compact.length * 8);
    expect(seen.get('signature_invalid')).toBeGreaterThan(500);
  });

  test('in any other spelling of its base64url is refused', async () => {
    const kind = await documentKind(new World(), typ);
    const parts = kind.compact.split('.');
    for (const [index, part] of parts.entries()) {
      for (const spelling of otherSpellings(part)) {
        const compact = parts.with(index, spelling).join('.');
        expect(await codeOf(() => kind.verify(compact)), JSON.stringify(spelling)).toBe('document_malformed');
      }
    }
  });

  test('cut, doubled, joined with another or not text at all is refused', async () => {
    const kind = await documentKind(new World(), typ);
    const [header = '', claims = '', signature = ''] = kind.compact.split('.');
    const inputs = [
      '',
      '.',
      '..',
      header,
      `${header}.${claims}`,
      `${header}.${claims}.`,
      `${header}..${signature}`,
      `.${claims}.${signature}`,
      `${kind.compact}.`,
      `${kind.compact}.${signature}`,
      `${header}.${claims}.${signature}.${claims}.${signature}`,
      `${kind.compact} `,
      `"${kind.compact}"`,
      undefined,
      null,
      1,
      [kind.compact],
      { compact: kind.compact },
      Buffer.from(kind.compact),
    ];
    for (const input of inputs) {
      expect(await codeOf(() => kind.verify(input)), String(input)).toBe('document_malformed');
    }
  });

  test('is never read as a document of another kind', async () => {
    const world = new World();
    const kind = await documentKind(world, typ);
    for (const other of await documentKinds(world)) {
      if (other.typ === typ) continue;
      expect(await codeOf(() => kind.verify(other.compact)), other.typ).toMatch(
        /^document_(wrong_type|too_large)$/,
      );
    }
  });
});
