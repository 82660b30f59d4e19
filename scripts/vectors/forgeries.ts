import { createHmac, sign } from 'node:crypto';
import type { ErrorCode } from '#core/errors.ts';
import type { SigningKey } from '#core/keys.ts';
import { keys } from './parties.ts';
import type { LongText } from './vector-file.ts';

export const base64url = (bytes: Uint8Array | string) => Buffer.from(bytes).toString('base64url');

/** A compact JWS with any header and payload, which the product itself would not make. */
export function forge(header: object, payload: object | Uint8Array, key: SigningKey): string {
  const claims = payload instanceof Uint8Array ? payload : Buffer.from(JSON.stringify(payload));
  const signed = `${base64url(JSON.stringify(header))}.${base64url(claims)}`;
  return `${signed}.${base64url(sign(null, Buffer.from(signed), key.privateKey))}`;
}

export interface Forgery {
  readonly name: string;
  readonly document: string | LongText;
  readonly code: ErrorCode;
}

export interface ForgeryOptions {
  readonly typ: string;
  readonly maxBytes: number;
  readonly key: SigningKey;
  /** Claims that are accepted; an id in them holds a digit. */
  readonly claims: object;
  /** By which a kid is refused that is not the one expected. */
  readonly otherKid: ErrorCode;
}

/** What every signed document must be refused for, whatever its kind. */
export function forgeries(options: ForgeryOptions): Forgery[] {
  return [
    ...ofKeys(options),
    ...ofHeaders(options),
    ...ofSpelling(options),
    ...ofBits(options),
    ...ofContent(options),
  ];
}

const headerOf = ({ typ, key }: ForgeryOptions) => ({ alg: 'EdDSA', typ, kid: key.thumbprint });

function ofKeys(options: ForgeryOptions): Forgery[] {
  const { claims, key, otherKid } = options;
  const header = headerOf(options);
  const { stranger } = keys;
  return [
    {
      name: 'signed by a stranger',
      document: forge({ ...header, kid: stranger.thumbprint }, claims, stranger),
      code: otherKid,
    },
    {
      name: 'signed by a stranger under the trusted kid',
      document: forge(header, claims, stranger),
      code: 'signature_invalid',
    },
    {
      name: 'rightly signed, under the kid of a stranger',
      document: forge({ ...header, kid: stranger.thumbprint }, claims, key),
      code: otherKid,
    },
  ];
}

function ofHeaders(options: ForgeryOptions): Forgery[] {
  const { claims, key, typ } = options;
  const header = headerOf(options);
  const rawKey = Buffer.from(key.jwk.x, 'base64url');
  const pem = Buffer.from(key.publicKey.export({ type: 'spki', format: 'pem' }));
  const unsigned = `${base64url(JSON.stringify({ ...header, alg: 'none' }))}.${base64url(JSON.stringify(claims))}.`;
  const wrongType: [string, object][] = [
    ['alg none with the signature of EdDSA', { alg: 'none' }],
    ['alg ES256', { alg: 'ES256' }],
    ['alg Ed25519 (RFC 9864) is another name and not used', { alg: 'Ed25519' }],
    ['alg in other capitals', { alg: 'EDDSA' }],
    ['typ JWT', { typ: 'JWT' }],
    [
      'typ of another kind',
      { typ: typ === 'license-token+jwt' ? 'license-denial+jwt' : 'license-token+jwt' },
    ],
    ['typ with the prefix application/', { typ: `application/${typ}` }],
    ['typ in capitals', { typ: typ.toUpperCase() }],
  ];
  const malformed: [string, object][] = [
    ['header with crit', { crit: ['b64'], b64: true }],
    ['header with b64 false', { b64: false, crit: ['b64'] }],
    ['header with jwk', { jwk: keys.stranger.jwk }],
    ['header with jku', { jku: 'https://keys.example/jwks.json' }],
    ['header with x5c', { x5c: [] }],
    ['header with cty', { cty: 'JWT' }],
    ['header with an unknown member', { foo: 1 }],
    ['header without kid', { kid: undefined }],
    ['header without typ', { typ: undefined }],
    ['header without alg', { alg: undefined }],
    ['kid that is no thumbprint', { kid: 'root' }],
    ['typ with a terminal control', { typ: '\u001b[2J' }],
  ];
  return [
    { name: 'alg none without a signature', document: unsigned, code: 'document_malformed' },
    {
      name: 'HS256 with the 32 bytes of the public key as secret',
      document: mac(header, claims, rawKey),
      code: 'document_wrong_type',
    },
    {
      name: 'HS256 with the PEM of the public key as secret',
      document: mac(header, claims, pem),
      code: 'document_wrong_type',
    },
    ...wrongType.map(([name, changes]) => ({
      name,
      document: forge({ ...header, ...changes }, claims, key),
      code: 'document_wrong_type' as const,
    })),
    ...malformed.map(([name, changes]) => ({
      name,
      document: forge({ ...header, ...changes }, claims, key),
      code: 'document_malformed' as const,
    })),
  ];
}

function mac(header: object, claims: object, secret: Uint8Array): string {
  const signed = `${base64url(JSON.stringify({ ...header, alg: 'HS256' }))}.${base64url(JSON.stringify(claims))}`;
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

function ofSpelling(options: ForgeryOptions): Forgery[] {
  const { key } = options;
  // Claims whose base64url leaves unused bits in its last character, so that each part has other spellings.
  let { claims } = options;
  for (let pad = 0; base64url(JSON.stringify(claims)).length % 4 === 0; pad++) {
    claims = { ...options.claims, pad: 'x'.repeat(pad) };
  }
  const header = Object.fromEntries(Object.entries(headerOf(options)));
  let headerText = JSON.stringify(header);
  while (base64url(headerText).length % 4 === 0) headerText += ' ';
  const signed = `${base64url(headerText)}.${base64url(JSON.stringify(claims))}`;
  const signature = base64url(sign(null, Buffer.from(signed), key.privateKey));
  const parts = [...signed.split('.'), signature];
  const compact = parts.join('.');
  const names = ['header', 'claims', 'signature'];
  const respelled = parts.flatMap((part, index) => {
    const lastBit = part.slice(0, -1) + ALPHABET.charAt(ALPHABET.indexOf(part.slice(-1)) ^ 1);
    const padded = part.padEnd(Math.ceil(part.length / 4) * 4, '=');
    const spellings: [string, string][] = [
      ['with an unused bit set', lastBit],
      ['with padding', padded],
      ['with a line end', `${part}\n`],
      ['with white space inside', `${part.slice(0, 8)} ${part.slice(8)}`],
    ];
    return spellings.map(([how, spelling]) => ({
      name: `${names[index]} ${how}`,
      document: parts.with(index, spelling).join('.'),
    }));
  });
  const standard = signature.replaceAll('-', '+').replaceAll('_', '/');
  if (standard !== signature)
    respelled.push({
      name: 'signature in the alphabet of plain base64',
      document: parts.with(2, standard).join('.'),
    });
  const shapes = [
    { name: 'two parts', document: parts.slice(0, 2).join('.') },
    { name: 'four parts', document: `${compact}.${signature}` },
    { name: 'empty signature', document: parts.with(2, '').join('.') },
    { name: 'empty claims', document: parts.with(1, '').join('.') },
    { name: 'nothing', document: '' },
    {
      name: 'the JSON serialization of a JWS',
      document: JSON.stringify({ protected: parts[0], payload: parts[1], signature }),
    },
  ];
  return [...respelled, ...shapes].map((forgery) => ({ ...forgery, code: 'document_malformed' }));
}

function ofBits(options: ForgeryOptions): Forgery[] {
  const { claims, key, otherKid } = options;
  const parts = forge(headerOf(options), claims, key).split('.');
  const decoded = parts.map((part) => Buffer.from(part, 'base64url'));
  const flip = (name: string, part: number, at: number, bit: number, code: ErrorCode): Forgery => {
    const bytes = Buffer.from(decoded[part] ?? '');
    bytes.writeUInt8(bytes.readUInt8(at) ^ (1 << bit), at);
    return { name: `one bit flipped: ${name}`, document: parts.with(part, base64url(bytes)).join('.'), code };
  };
  const [header = Buffer.alloc(0), body = Buffer.alloc(0), signature = Buffer.alloc(0)] = decoded;
  const kidAt = header.indexOf('"kid":"') + 7;
  const kidDigit = kidAt + header.subarray(kidAt).toString().search(/[0-9]/);
  // A digit within an id stays one when its lowest bit flips: the shape holds, the signature does not.
  const idDigit = body
    .toString('latin1')
    .search(/(?<="(jti|termsId|grantId|sub|applicationId|license)":"[0-9A-F]*)[0-9]/);
  return [
    flip('the opening brace of the header', 0, 0, 0, 'document_malformed'),
    flip('alg', 0, header.indexOf('EdDSA'), 0, 'document_wrong_type'),
    flip('typ', 0, header.indexOf('license-'), 0, 'document_wrong_type'),
    flip('kid', 0, kidDigit, 0, otherKid),
    flip('the opening brace of the claims', 1, 0, 0, 'document_malformed'),
    flip('an id in the claims', 1, idDigit, 0, 'signature_invalid'),
    flip('R of the signature', 2, 0, 0, 'signature_invalid'),
    flip('S of the signature', 2, 32, 0, 'signature_invalid'),
    flip('the last bit of the signature', 2, signature.length - 1, 7, 'signature_invalid'),
  ];
}

/** The order of the Ed25519 group: S + L is the same number to a lenient verifier (RFC 8032, section 5.1.7). */
const L = 2n ** 252n + 27742317777372353535851937790883648493n;

function ofContent(options: ForgeryOptions): Forgery[] {
  const { claims, key, maxBytes } = options;
  const header = headerOf(options);
  const [head, body, signature = ''] = forge(header, claims, key).split('.');
  const bytes = Buffer.from(signature, 'base64url');
  const s = BigInt(`0x${Buffer.from(bytes.subarray(32)).reverse().toString('hex')}`) + L;
  const malleable = Buffer.concat([
    bytes.subarray(0, 32),
    Buffer.from(s.toString(16).padStart(64, '0'), 'hex').reverse(),
  ]);
  const text = JSON.stringify(claims);
  const payloads: [string, Uint8Array][] = [
    ['claims that are not JSON', Buffer.from('hello')],
    ['claims with more behind the JSON', Buffer.from(`${text}{}`)],
    [
      'claims that are not UTF-8',
      Buffer.concat([Buffer.from('{"a":"'), Buffer.from([0xff]), Buffer.from(`",${text.slice(1)}`)]),
    ],
    ['claims with a byte order mark', Buffer.from(`\ufeff${text}`)],
    ['claims that are a list', Buffer.from(`[${text}]`)],
    ['claims that are null', Buffer.from('null')],
    ['claims without members', Buffer.from('{}')],
  ];
  // A small kind is shown with a document that is good but for its size; a large one by its length alone.
  const oversize =
    maxBytes <= 16_384
      ? forge(header, { ...claims, pad: 'x'.repeat(maxBytes) }, key)
      : { repeat: 'A', times: maxBytes + 1 };
  return [
    ...payloads.map(([name, payload]) => ({
      name,
      document: forge(header, payload, key),
      code: 'document_malformed' as const,
    })),
    { name: `larger than ${maxBytes} bytes`, document: oversize, code: 'document_too_large' },
    {
      name: 'signature with S outside the group order',
      document: `${head}.${body}.${base64url(malleable)}`,
      code: 'signature_invalid',
    },
    {
      name: 'signature of 63 bytes',
      document: `${head}.${body}.${base64url(bytes.subarray(0, 63))}`,
      code: 'signature_invalid',
    },
    {
      name: 'signature of 65 bytes',
      document: `${head}.${body}.${base64url(Buffer.concat([bytes, Buffer.from([0])]))}`,
      code: 'signature_invalid',
    },
    {
      name: 'signature of zeros',
      document: `${head}.${body}.${base64url(Buffer.alloc(64))}`,
      code: 'signature_invalid',
    },
  ];
}
