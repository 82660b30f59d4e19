import type { SignedDocument } from '#core/documents/signed-document.ts';
import type { ErrorCode } from '#core/errors.ts';
import { forge, forgeries } from './forgeries.ts';
import { type KeyName, keys, publishedKeys } from './parties.ts';
import type { VectorCase, VectorFile } from './vector-file.ts';

export interface KindOptions<Claims> {
  readonly definition: SignedDocument<Claims>;
  readonly signer: KeyName;
  readonly description: string;
  /** Accepted; the first is bent by the general forgeries. */
  readonly good: readonly [name: string, claims: Claims][];
  /** Signed by the right key all the same. */
  readonly bad: readonly [name: string, claims: object, code?: ErrorCode][];
  readonly otherKid?: ErrorCode;
  /** Input of every case beside the document. */
  readonly input?: object;
  readonly more?: readonly VectorCase[];
}

/** The vector file of one kind of signed document: what is accepted, and all that must be refused. */
export async function kindFile<Claims extends object>(options: KindOptions<Claims>): Promise<VectorFile> {
  const { definition, signer, good, bad, input, more = [], otherKid = 'issuer_untrusted' } = options;
  const { typ, maxBytes } = definition;
  const key = keys[signer];
  const header = { alg: 'EdDSA', typ, kid: key.thumbprint };
  const valid = good.map(
    async ([name, claims]): Promise<VectorCase> => ({
      name,
      document: await definition.sign(claims, key),
      ...input,
      valid: true,
      claims,
    }),
  );
  const invalid = bad.map(
    ([name, claims, code = 'document_malformed']): VectorCase => ({
      name,
      document: forge(header, claims, key),
      ...input,
      valid: false,
      code,
    }),
  );
  const forged = forgeries({ typ, maxBytes, key, claims: good[0]?.[1] ?? {}, otherKid }).map(
    ({ name, document, code }): VectorCase => ({ name, document, ...input, valid: false, code }),
  );
  return {
    description: options.description,
    keys: publishedKeys(...new Set<KeyName>([signer, 'stranger'])),
    cases: [...(await Promise.all(valid)), ...more, ...invalid, ...forged],
  };
}
