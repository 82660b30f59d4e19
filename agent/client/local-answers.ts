import type { Sku } from '#core/catalog.ts';
import type { EpochSeconds } from '#core/clock.ts';
import type { Answer } from '#core/documents/answer.ts';
import type { ErrorCode, ErrorDetail } from '#core/errors.ts';
import type { Capability, Media, SdkReason, State } from '#core/evaluate.ts';

// What the daemon answers at its sockets. The shapes are published: members are added, never changed.

/** What `status` says; null where something is not known. */
export interface AgentStatus {
  readonly state: State;
  /** `license_err_reason_e` of the public SDK. */
  readonly reason: SdkReason;
  readonly since: EpochSeconds | null;
  readonly until: EpochSeconds | null;
  readonly licenseKey: string | null;
  readonly license: string | null;
  readonly appId: string | null;
  readonly pid: string | null;
  readonly expireTime: EpochSeconds | null;
  /** How long the license can be used with no network at all. */
  readonly usableUntil: EpochSeconds | null;
  readonly sku: Sku | null;
  readonly capabilities: Readonly<Record<Media, Capability>>;
  /** Minutes that may be used in all (0 = no limit), and that were, by this device and others before it. */
  readonly minutes: { readonly allowed: number; readonly used: number } | null;
  /** Sessions of applications that run now. */
  readonly sessions: number;
  readonly trustedTime: EpochSeconds;
  readonly clockUnconfirmed: boolean;
  readonly lastRefresh: { readonly at: EpochSeconds; readonly outcome: string } | null;
  readonly nextRefreshAt: EpochSeconds | null;
  /** The server that answered last, else the first of the enrollment. */
  readonly serverUrl: string | null;
  readonly enrolled: boolean;
  /** Licenses that are held for other devices. */
  readonly held: number;
  readonly agentVersion: string;
  /** Why the state is `invalid`, with the details of the message. */
  readonly fault?: ErrorCode;
  readonly faultDetail?: ErrorDetail;
  /** What will sooner or later surprise somebody: codes that `license-agent identity` explains. */
  readonly warnings?: readonly string[];
}

/** What `check` says: whether the device is licensed, or whether one medium may be used now. */
export interface CheckAnswer {
  readonly allowed: boolean;
  readonly media: Media | null;
  readonly state: State;
  readonly reason: SdkReason;
  readonly because: Capability['because'];
  readonly until: EpochSeconds | null;
  readonly fault?: ErrorCode;
  /** For the message of what it is refused for. */
  readonly detail: ErrorDetail;
}

/** A session that runs, or (`id` null) why none does. */
export interface SessionAnswer extends Omit<CheckAnswer, 'because'> {
  readonly because: CheckAnswer['because'] | 'concurrency_exhausted';
  readonly id: string | null;
  /** How often the application says that it goes on, in seconds. */
  readonly heartbeatSeconds: number;
}

/** The held license with the device key's signature over a nonce: see verifyAnswer and verifyLicenseProof. */
export interface ProofAnswer extends Answer {
  readonly proof: string;
}

/** How a contact for a license that is held for another device ended: `ok`, or the code of what stands in the way. */
export interface HeldOutcome {
  readonly licenseKey: string;
  readonly outcome: string;
}

/** A page of the LicenseKeys that licenses are held for. */
export interface HeldPage {
  /** Of all pages. */
  readonly count: number;
  readonly licenseKeys: readonly string[];
  /** `after` of the next page. */
  readonly next: string | null;
}

/** What became of one answer of an imported file: `ok`, or the code of a denial or of why it was refused. */
export interface ImportOutcome {
  readonly licenseKey: string | null;
  readonly outcome: string;
  readonly detail?: ErrorDetail;
}
