import * as Type from 'typebox';
import { Category, Sku, Validity } from '../catalog.ts';
import { PublicJwk, verificationKey } from '../keys.ts';
import { AppId, Cid, Count, Epoch, Id, Name } from '../shapes.ts';
import { defineDocument } from './signed-document.ts';

/** One wish: N licenses of a SKU, validity and category, or N renewals of a PID. */
export const ApplicationItem = Type.Union([
  Type.Object({
    kind: Type.Literal('purchase'),
    sku: Sku,
    validity: Validity,
    category: Category,
    count: Count,
    label: Type.Optional(Name),
  }),
  Type.Object({ kind: Type.Literal('renewal'), pid: Id, validity: Validity, count: Count }),
]);
export type ApplicationItem = Type.Static<typeof ApplicationItem>;

/** An application for licenses (申请): the fields that the vendor's sales ask for, and the server's key. */
export const Application = Type.Object({
  applicationId: Id,
  /** The license server's id. */
  iss: Id,
  iat: Epoch,
  cid: Cid,
  /** The company's name. */
  name: Name,
  cnf: Type.Object({ jwk: PublicJwk }),
  items: Type.Array(ApplicationItem, { maxItems: 100 }),
  apps: Type.Array(Type.Object({ appId: AppId, name: Name }), { minItems: 1, maxItems: 1000 }),
  /** Whether quota shall be reservable per App (预分配). */
  preallocation: Type.Boolean(),
});
export type Application = Type.Static<typeof Application>;

/** Signed by the server key that it carries; read by the vendor, who certifies that key and signs a grant. */
export const applicationDocument = defineDocument({
  typ: 'license-application+jwt',
  schema: Application,
  maxBytes: 256 * 1024,
});

/**
 * Verifies that an application was signed by the very server key that it asks to be certified.
 *
 * @throws as {@link applicationDocument}.verify; `key_malformed`
 */
export async function verifyApplication(compact: unknown): Promise<Application> {
  const { claims } = applicationDocument.parse(compact);
  return applicationDocument.verify(compact, [verificationKey(claims.cnf.jwk)]);
}
