import { CompactSign, compactVerify, errors as jose } from 'jose';
import * as Type from 'typebox';
import { type Bilingual, LicenseError } from '../errors.ts';
import type { SigningKey, VerificationKey } from '../keys.ts';
import { parseShape, Sha256, shapeProblem } from '../shapes.ts';

const ALGORITHM = 'EdDSA';

export interface DocumentDefinition<S extends Type.TSchema> {
  /** The JWS `typ` (RFC 7515 §4.1.9), pinned: a document is never read as another kind. */
  typ: string;
  /** Shape of the claims. Unknown claims are kept. */
  schema: S;
  /** Bound on the compact form, in bytes. */
  maxBytes: number;
}

/** One kind of signed document: a compact JWS (RFC 7515 §3.1), EdDSA over Ed25519 (RFC 8037 §3.1). */
export interface SignedDocument<Claims> {
  readonly typ: string;
  readonly maxBytes: number;
  /**
   * The compact form of claims, signed.
   *
   * @throws `document_malformed` where the claims have not the shape, `document_too_large`
   */
  sign(claims: Claims, key: SigningKey): Promise<string>;
  /**
   * What a document says, before anyone vouched for it: shape alone. For routing, never for trust.
   *
   * @throws `document_malformed`, `document_too_large`, `document_wrong_type`
   */
  parse(compact: unknown): UnverifiedDocument<Claims>;
  /**
   * What a document says, vouched for by one of the keys.
   *
   * @throws as {@link parse}; `issuer_untrusted` where none of the keys is its `kid`, `signature_invalid`,
   * `root_succeeded` where its `iat` is after another key took the place of the signer
   */
  verify(compact: unknown, keys: readonly VerificationKey[]): Promise<Claims>;
}

export interface UnverifiedDocument<Claims> {
  readonly claims: Claims;
  /** RFC 7638 thumbprint of the key that is said to have signed it. */
  readonly kid: string;
}

/** `alg` and `typ` of a stranger stand in messages: short and printable. */
const HeaderWord = Type.String({ pattern: '^[\\x21-\\x7e]{1,64}$' });
/** Exactly these members: an unknown one (`crit`, `jwk`, `b64` …) could change what is verified. */
const Header = Type.Object(
  { alg: HeaderWord, typ: HeaderWord, kid: Sha256 },
  { additionalProperties: false },
);

/**
 * Defines a kind of signed document. `typ`, `alg` and size are pinned here; every sign and verify of the
 * product goes through it. Source: protocol, opening paragraph.
 */
export function defineDocument<S extends Type.TSchema>(
  definition: DocumentDefinition<S>,
): SignedDocument<Type.Static<S>> {
  type Claims = Type.Static<S>;
  const { typ, schema, maxBytes } = definition;

  function parse(compact: unknown): UnverifiedDocument<Claims> {
    const { header, claims } = parseCompact(compact, typ, maxBytes);
    return { kid: header.kid, claims: parseShape(schema, claims, 'document_malformed', typ) };
  }

  return {
    typ,
    maxBytes,
    parse,

    async sign(claims, key) {
      const shaped = parseShape(schema, claims, 'document_malformed', typ);
      const compact = await new CompactSign(Buffer.from(JSON.stringify(shaped)))
        .setProtectedHeader({ alg: ALGORITHM, typ, kid: key.thumbprint })
        .sign(key.privateKey);
      if (compact.length > maxBytes) throw new LicenseError('document_too_large', { where: typ, maxBytes });
      return compact;
    },

    async verify(compact, keys) {
      const { claims, kid } = parse(compact);
      const key = keys.find(({ thumbprint }) => thumbprint === kid);
      if (key === undefined) throw new LicenseError('issuer_untrusted', { where: typ, kid });
      try {
        await compactVerify(compact as string, key.publicKey, { algorithms: [ALGORITHM] });
      } catch (cause) {
        if (cause instanceof jose.JOSEError)
          throw new LicenseError('signature_invalid', { where: typ }, { cause });
        throw cause;
      }
      if (key.replacedAt !== undefined && !(issuedAt(claims) <= key.replacedAt))
        throw new LicenseError('root_succeeded', { kid });
      return claims;
    },
  };
}

/** A document of which it is not known yet what it is. */
const DOCUMENT: Bilingual = { en: 'document', zh: '文件' };

/**
 * The `typ` that a compact JWS claims, for choosing the definition that then pins it.
 *
 * @throws `document_malformed`
 */
export function typeOf(compact: unknown): string {
  const [header = ''] = splitCompact(compact, Number.MAX_SAFE_INTEGER, DOCUMENT);
  return parseShape(
    Type.Object({ typ: Type.String() }),
    decodeJson(header, DOCUMENT),
    'document_malformed',
    DOCUMENT,
  ).typ;
}

function parseCompact(compact: unknown, typ: string, maxBytes: number) {
  const [headerPart = '', claimsPart = ''] = splitCompact(compact, maxBytes, typ);
  const header = decodeJson(headerPart, typ);
  if (shapeProblem(Header, header) !== undefined)
    malformed(typ, { en: 'has a header that we do not make', zh: '文件头不是本产品生成的' });
  const { alg, typ: actual, kid } = header as Type.Static<typeof Header>;
  if (alg !== ALGORITHM || actual !== typ)
    throw new LicenseError('document_wrong_type', { where: typ, alg, typ: actual });
  return { header: { kid }, claims: decodeJson(claimsPart, typ) };
}

/**
 * The three parts of a compact JWS, each in its one canonical base64url spelling: several spellings of one
 * signature would be several documents of one meaning. jose alone accepts them.
 */
function splitCompact(compact: unknown, maxBytes: number, where: string | Bilingual): string[] {
  if (typeof compact !== 'string') malformed(where, { en: 'is not text', zh: '不是文本' });
  if (compact.length > maxBytes) throw new LicenseError('document_too_large', { where, maxBytes });
  const parts = compact.split('.', 4);
  if (parts.length !== 3 || !parts.every(isCanonicalBase64url)) {
    malformed(where, {
      en: 'is not a compact JWS in canonical base64url',
      zh: '不是规范 base64url 编码的紧凑 JWS',
    });
  }
  return parts;
}

function isCanonicalBase64url(part: string): boolean {
  return part.length > 0 && Buffer.from(part, 'base64url').toString('base64url') === part;
}

/** When a document was signed, by its own word; no time, where it does not say. */
function issuedAt(claims: unknown): number {
  return (claims as { readonly iat?: number }).iat ?? Number.NaN;
}

function decodeJson(part: string, where: string | Bilingual): unknown {
  try {
    return JSON.parse(utf8.decode(Buffer.from(part, 'base64url')));
  } catch (cause) {
    malformed(where, { en: 'is not JSON inside', zh: '内容不是 JSON' }, cause);
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function malformed(where: string | Bilingual, problem: Bilingual, cause?: unknown): never {
  throw new LicenseError('document_malformed', { where, problem }, { cause });
}
