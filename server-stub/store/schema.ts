import type { Generated } from 'kysely';
import type { Category } from '#core/catalog.ts';
import type { AlertDeliveryTable, AlertEventTable, AlertScanTable } from './alert-tables.ts';
import type {
  BulkChangeTable,
  BulkItemTable,
  ConsoleSessionTable,
  ConsoleUserTable,
} from './console-tables.ts';

/** The tables as Kysely sees them; their definition is in migrations.ts. Times are epoch seconds. */
export interface Schema {
  bulk_change: BulkChangeTable;
  bulk_item: BulkItemTable;
  concurrency_lease: ConcurrencyLeaseTable;
  company: {
    cid: string;
    name: string;
    created_at: number;
    /** Calls per second and endpoint; 0: no limit; null: as configured. */
    rate_limit_per_second: number | null;
  };
  app: AppTable;
  issuer_certificate: {
    cid: string;
    serial: number;
    document: string;
    nbf: number;
    exp: number;
    imported_at: number;
  };
  /** The two halves of each succession of the vendor's root, as it was signed. */
  root_succession: { version: number; root: string; spare: string };
  vendor_grant: {
    grant_id: string;
    cid: string;
    document: string;
    imported_at: number;
    replaced_by: string | null;
  };
  terms: TermsTable;
  quota: QuotaTable;
  allocation: AllocationTable;
  renewal_shortage: RenewalShortageTable;
  license: LicenseTable;
  device_key: DeviceKeyTable;
  answer: { jti: string; jkt: string; kind: 'token' | 'denial'; claims: string; terms: string; at: number };
  enrollment: EnrollmentTable;
  credential: CredentialTable;
  console_user: ConsoleUserTable;
  console_session: ConsoleSessionTable;
  audit: AuditTable;
  idempotency: IdempotencyTable;
  idempotency_bytes: IdempotencyBytesTable;
  transfer: TransferTable;
  usage_total: UsageTotalTable;
  usage_minutes: UsageMinutesTable;
  /** When the audit trail last told that devices reported more minutes for a license than time had passed. */
  usage_implausible: { license: string; noted_at: number };
  audit_head: { cid: string; seq: number; at: number; hash: string };
  /** How far the trail of a company was read for alerts. */
  alert_cursor: { cid: string; seq: number };
  alert_scan: AlertScanTable;
  /** What was told of something that has levels (a quota that runs out, a certificate that ends). */
  alert_told: { subject: string; level: number; at: number };
  alert_event: AlertEventTable;
  alert_delivery: AlertDeliveryTable;
  preauthorization_list: PreauthorizationListTable;
  preauthorization: { list: number; license_key: string; seq: number; created_at: number };
  /** LicenseKeys of a list in each thousand of `seq`. */
  preauthorization_block: { list: number; block: number; count: number };
  preauthorization_upload: UploadTable;
  /** LicenseKeys that were deleted while an upload that may hold them goes in. */
  preauthorization_removal: { upload_id: string; license_key: string };
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
  /** Licenses that end within so many days are renewed by the server itself; null: it renews none. */
  renew_days: number | null;
  /** … but not those whose device was not seen for so many days; null: whenever it was seen. */
  renew_seen_days: number | null;
  /** 0 | 1: whether devices may ask for renewal themselves. */
  device_renewal: Generated<number>;
  /** What the older device tools, which name no PID, activate; null: the App takes none of them. */
  legacy_pid: string | null;
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

/** One time that seats of a PID were moved to an App; below 0 they were taken back. */
export interface AllocationTable {
  app_id: string;
  /** 1, 2, 3 … within the App: rows stay, so a page is found by its number. */
  position: number;
  pid: string;
  /** The same within the App's PID. */
  pid_position: number;
  cid: string;
  count: number;
  creator: string;
  created_at: number;
}

/** Licenses that the server would renew by itself, had it renewal licenses left. */
export interface RenewalShortageTable {
  app_id: string;
  pid: string;
  cid: string;
  waiting: number;
  /** When the audit trail last told of it. */
  reported_at: number;
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
  /** 1, 2, 3 … within the App, in the order of activation: rows stay, so a page is found by its number. */
  position: number;
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

/** Minutes of an App's licenses that were reported in the quarter of an hour that began at `at`. */
export interface UsageMinutesTable {
  cid: string;
  pid: string;
  app_id: string;
  at: number;
  minutes: number;
  /** How many of them stand in the audit trail. */
  settled: Generated<number>;
}

/** Sessions that a license may run at the same time, until then. */
export interface ConcurrencyLeaseTable {
  license: string;
  cid: string;
  pid: string;
  app_id: string;
  sessions: number;
  until_at: number;
  /** The key that asked, and the counter of its request; null in rows of before there were these columns. */
  device_jkt: string | null;
  counter: number | null;
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
  /** The operator's word for where the pair is used; '' where they said nothing. */
  label: string;
  /** The hash before the last rotation, believed until `previous_until`. */
  previous_hash: string | null;
  previous_until: number | null;
  /** The day on which it was last used (its midnight, UTC). */
  last_used_at: number | null;
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

/** What the replies of a company took that were stored in one hour. */
export interface IdempotencyBytesTable {
  cid: string;
  /** Since 1970. */
  hour: number;
  bytes: number;
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

/** An App's preauthorization: its switch and its list. A cleared list awaits the purge of its LicenseKeys. */
export interface PreauthorizationListTable {
  list: number;
  app_id: string;
  /** 0 | 1: whether only LicenseKeys of the list may activate. */
  enabled: number;
  next_seq: Generated<number>;
  cleared_at: number | null;
  /** 0 | 1: whether nothing of a cleared list is left. */
  purged: Generated<number>;
}

/** A file of LicenseKeys that was received and found good; its rows go in piece by piece. */
export interface UploadTable {
  upload_id: string;
  app_id: string;
  list: number;
  /** Of the file as it was sent, hex. */
  sha256: string;
  bytes: number;
  /** LicenseKeys in it, and lines that are none. */
  license_keys: number;
  invalid: number;
  /** JSON: the first invalid lines, [{line, problem}]. */
  problems: string;
  /** How far the rows are in: byte and line of the file, and LicenseKeys. */
  position: Generated<number>;
  line: Generated<number>;
  done: Generated<number>;
  added: Generated<number>;
  duplicates: Generated<number>;
  /** JSON: numbers of the first lines whose LicenseKey was in the list already. */
  duplicate_lines: Generated<string>;
  state: 'entering' | 'entered' | 'cleared';
  created_at: number;
}
