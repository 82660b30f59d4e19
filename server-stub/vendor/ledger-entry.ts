import * as Type from 'typebox';
import { Day } from '#core/documents/usage-report.ts';
import { PublicJwk } from '#core/keys.ts';
import { AppId, Cid, Count, Epoch, Id, Sha256, Vid } from '#core/shapes.ts';

/** SHA-256 of a compact document, hex: what `sha256sum` says of its file. */
const Digest = Type.String({ pattern: '^[0-9a-f]{64}$' });

/** The first line of every ledger: whose it is. An emptied ledger is thereby no ledger. */
const InitEntry = Type.Object({
  kind: Type.Literal('init'),
  at: Epoch,
  vendor: Type.String({ minLength: 1, maxLength: 200 }),
  root: Sha256,
  spare: Sha256,
});

/** The root and its spare were replaced. */
export const SuccessionEntry = Type.Object({
  kind: Type.Literal('succession'),
  at: Epoch,
  version: Type.Integer({ minimum: 2 }),
  root: Sha256,
  spare: Sha256,
  /** Of the two signed halves, a line end between them. */
  sha256: Digest,
});

export const CertificateEntry = Type.Object({
  kind: Type.Literal('certificate'),
  at: Epoch,
  serverId: Id,
  cid: Cid,
  /** The certified key: what this server signs can be verified with it later. */
  jwk: PublicJwk,
  serial: Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER }),
  exp: Epoch,
  sha256: Digest,
});

export const GrantEntry = Type.Object({
  kind: Type.Literal('grant'),
  at: Epoch,
  grantId: Id,
  serverId: Id,
  cid: Cid,
  replaces: Type.Optional(Id),
  /** The application it was made from; unknown for grants made before this was recorded. */
  applicationId: Type.Optional(Id),
  apps: Type.Array(Type.Object({ appId: AppId, vid: Vid })),
  /** Its lines, each a signed document of its own. */
  terms: Type.Array(
    Type.Object({
      termsId: Id,
      kind: Type.Union([Type.Literal('purchase'), Type.Literal('renewal')]),
      pid: Id,
      count: Count,
      sha256: Digest,
    }),
  ),
  sha256: Digest,
});

/** A usage report that was verified: the places of its trails, against which later reports are held. */
export const ReportEntry = Type.Object({
  kind: Type.Literal('report'),
  at: Epoch,
  reportId: Id,
  serverId: Id,
  iat: Epoch,
  fromDay: Day,
  toDay: Day,
  zone: Type.String({ minLength: 1, maxLength: 64 }),
  companies: Type.Array(
    Type.Object({
      cid: Cid,
      seq: Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER }),
      hash: Digest,
    }),
  ),
  sha256: Digest,
});

/** One act of signing, or a report that came in, as the vendor's ledger remembers it. */
export const LedgerEntry = Type.Union([
  InitEntry,
  SuccessionEntry,
  CertificateEntry,
  GrantEntry,
  ReportEntry,
]);

export type SuccessionEntry = Type.Static<typeof SuccessionEntry>;
export type CertificateEntry = Type.Static<typeof CertificateEntry>;
export type GrantEntry = Type.Static<typeof GrantEntry>;
export type ReportEntry = Type.Static<typeof ReportEntry>;
export type LedgerEntry = Type.Static<typeof LedgerEntry>;
