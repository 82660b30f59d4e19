import type { Category } from '#core/catalog.ts';

/** The tables as Kysely sees them; their definition is in migrations.ts. Times are epoch seconds. */
export interface Schema {
  company: { cid: string; name: string; created_at: number };
  app: AppTable;
  issuer_certificate: {
    cid: string;
    serial: number;
    document: string;
    nbf: number;
    exp: number;
    imported_at: number;
  };
  vendor_grant: {
    grant_id: string;
    cid: string;
    document: string;
    imported_at: number;
    replaced_by: string | null;
  };
  terms: TermsTable;
  quota: QuotaTable;
  license: LicenseTable;
  device_key: DeviceKeyTable;
  answer: { jti: string; jkt: string; kind: 'token' | 'denial'; claims: string; terms: string; at: number };
  enrollment: EnrollmentTable;
  credential: CredentialTable;
  audit: AuditTable;
  idempotency: IdempotencyTable;
  transfer: TransferTable;
  usage_total: UsageTotalTable;
  audit_head: { cid: string; seq: number; at: number; hash: string };
}

export interface AppTable {
  app_id: string;
  cid: string;
  vid: string;
  name: string;
  /** 0 | 1: whether quota may be reserved for it. */
  preallocation: number;
  pcu: number | null;
  /** Key of the fingerprint digests, base64url. */
  fingerprint_key: string;
  created_at: number;
}

/** A vendor's line: `count` seats or renewals, of which `used` are gone. */
export interface TermsTable {
  terms_id: string;
  grant_id: string;
  cid: string;
  kind: 'purchase' | 'renewal';
  pid: string;
  renew_id: string | null;
  /** '' = for any App of the company. */
  app_id: string;
  count: number;
  used: number;
  document: string;
  /** The document's claims as JSON, written only after they were verified. */
  claims: string;
  /** Order of arrival: the oldest line with seats goes first. */
  position: number;
  /** 0 | 1: withdrawn by a grant that replaced its own. */
  withdrawn: number;
}

export interface QuotaTable {
  cid: string;
  pid: string;
  /** '' = the shared pool. */
  app_id: string;
  granted: number;
  used: number;
  overdraft: number;
}

export type LicenseState = 'active' | 'suspended' | 'released' | 'transferred';

export interface LicenseTable {
  license: string;
  cid: string;
  app_id: string;
  pid: string;
  license_key: string;
  category: Category;
  terms_id: string;
  state: LicenseState;
  activation_time: number;
  expire_time: number;
  /** JSON: [{termsId, at}] in order. */
  renewals: string;
  /** Thumbprint of the device key it is bound to; null until an agent binds it. */
  device_jkt: string | null;
  /** JSON: digests of the device, as its last accepted request carried them. */
  fingerprint: string | null;
  /** Rebinds without an operator since `rebinds_since`: in a day (account takeovers) or a year (devices). */
  rebinds: number;
  rebinds_since: number;
  last_seen_at: number | null;
  agent_version: string | null;
  /** The operator's own words; '' where they said nothing. */
  label: string;
  /** A room, a building: the operator's word for licenses that belong together. */
  group_name: string;
  /** Transfers in the year that began at `transfers_since`. */
  transfers: number;
  transfers_since: number;
}

/** The last time that a license was moved away from a LicenseKey, so that the device there is told so. */
export interface TransferTable {
  app_id: string;
  pid: string;
  from_license_key: string;
  license: string;
  to_license_key: string;
  at: number;
}

/** The highest minutes that a meter ever reported for a license. */
export interface UsageTotalTable {
  license: string;
  meter_id: string;
  minutes: number;
}

/** Every device key that a license was ever bound to, so that an earlier one is told why it no longer is. */
export interface DeviceKeyTable {
  jkt: string;
  license: string;
  bound_at: number;
  /** Highest counter seen of this key. */
  counter: number;
  /** Set where a lower counter was seen: a restored disk, for the operator to look at. */
  counter_fell_at: number | null;
  /** Set where an operator bound the license anew: this key holds it again only once a person asks on the device. */
  replaced_at: number | null;
}

export interface EnrollmentTable {
  enrollment_id: string;
  cid: string;
  app_id: string;
  pid: string;
  secret: string;
  max_activations: number;
  used: number;
  created_at: number;
  expires_at: number;
  revoked_at: number | null;
}

export interface CredentialTable {
  customer_id: string;
  cid: string;
  /** SHA-256 of the secret, hex. The secret is 256 random bits, so no slow hash is needed. */
  secret_hash: string;
  scope: 'full' | 'activate';
  created_at: number;
  revoked_at: number | null;
}

/** The reply to a call that carried an Idempotency-Key, for 24 hours. */
export interface IdempotencyTable {
  cid: string;
  route: string;
  key: string;
  /** SHA-256, hex, of what was asked. */
  request_hash: string;
  /** JSON: the body of a success, or code and detail of a refusal. */
  reply: string;
  at: number;
}

export interface AuditTable {
  cid: string;
  seq: number;
  at: number;
  actor: string;
  action: string;
  subject: string;
  detail: string;
  hash: string;
}
