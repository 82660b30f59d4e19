import { skuView } from '#core/catalog.ts';
import type { PurchaseTerms } from '#core/documents/terms.ts';
import type { LicenseTable } from '../../store/schema.ts';

/** A license as calls 1 and 2 of the contract show it, keys in its order. */
export function licenseView(
  { pid, license, license_key, activation_time, expire_time }: LicenseTable,
  { sku, label }: PurchaseTerms,
) {
  return {
    pid,
    license,
    licenseKey: license_key,
    activationTime: activation_time,
    expireTime: expire_time,
    skuView: skuView(sku, label),
  };
}
