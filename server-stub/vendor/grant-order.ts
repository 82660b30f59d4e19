import type { GrantedApp } from '#core/documents/grant.ts';
import type { PurchaseTerms, RenewalTerms } from '#core/documents/terms.ts';

type DecidedAtSigning = 'termsId' | 'cid' | 'pid' | 'iat';

/** A purchase line as ordered: its PID follows from its parts. */
export type OrderedPurchase = Omit<PurchaseTerms, DecidedAtSigning>;
/** A renewal line as ordered: its renewId follows from PID and validity. */
export type OrderedRenewal = Omit<RenewalTerms, Exclude<DecidedAtSigning, 'pid'> | 'renewId'>;
export type OrderedLine = OrderedPurchase | OrderedRenewal;

export type OrderedApp = Omit<GrantedApp, 'vid'>;

/** What a company ordered, before the vendor gives it numbers. */
export interface GrantOrder {
  readonly serverId: string;
  readonly cid: string;
  readonly name: string;
  readonly apps: readonly OrderedApp[];
  readonly lines: readonly OrderedLine[];
  /** An earlier grant whose lines this one takes the place of. */
  readonly replaces?: string;
  /** The application it comes from. */
  readonly applicationId?: string;
  /** The vendor means to grant that application once more. */
  readonly again?: boolean;
}
