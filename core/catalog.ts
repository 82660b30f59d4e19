import { createHash } from 'node:crypto';
import * as Type from 'typebox';
import { Zone } from './shapes.ts';

/** 1 RTC, 2 RTSA, 3 FPA. Source: contract, `skuView`. */
export const Product = Type.Union([Type.Literal(1), Type.Literal(2), Type.Literal(3)]);
/** 1 audio, 2 video, 3 both. Source: contract, `skuView`. */
export const MediaType = Type.Union([Type.Literal(1), Type.Literal(2), Type.Literal(3)]);
export const Category = Type.Union([Type.Literal('device'), Type.Literal('account')]);
export const Period = Type.String({
  pattern: '^([01][0-9]|2[0-3]):[0-5][0-9]~([01][0-9]|2[0-3]):[0-5][0-9]$',
});

/** What a license is good for. `minutes` 0 is unlimited; a label is not part of it. Source: design, Words "SKU". */
export const Sku = Type.Object({
  product: Product,
  mediaType: MediaType,
  minutes: Type.Integer({ minimum: 0, maximum: 1_000_000_000 }),
  period: Period,
  zone: Zone,
});

/** Trial in months ≥ 3, commercial in years ≥ 1; starts at activation. Source: contract, row "Validity". */
export const Validity = Type.Union([
  Type.Object({ unit: Type.Literal('month'), count: Type.Integer({ minimum: 3, maximum: 1200 }) }),
  Type.Object({ unit: Type.Literal('year'), count: Type.Integer({ minimum: 1, maximum: 100 }) }),
]);

export type Product = Type.Static<typeof Product>;
export type MediaType = Type.Static<typeof MediaType>;
export type Category = Type.Static<typeof Category>;
export type Period = Type.Static<typeof Period>;
export type Sku = Type.Static<typeof Sku>;
export type Validity = Type.Static<typeof Validity>;

/** `minutes` of a SKU without a cap. */
export const UNLIMITED_MINUTES = 0;
export const WHOLE_DAY: Period = '00:00~23:59';
export const DEFAULT_ZONE = 'Asia/Shanghai';

const PRODUCT_NAMES: Record<Product, string> = { 1: 'RTC', 2: 'RTSA', 3: 'FPA' };

/** The contract's `skuView` object, keys in its order. `name` is the label of the purchase, else the product. */
export function skuView({ product, mediaType, minutes, period }: Sku, label?: string) {
  return { product, name: label || PRODUCT_NAMES[product], mediaType, minutes, period };
}

/**
 * The PID: the first 128 bits, upper-case hex, of the SHA-256 over the JSON text (no white space) of
 * `["license-pid",1,product,mediaType,minutes,period,zone,category,unit,count]`. The same SKU, validity and
 * category always give the same PID; company and label are no part of it. Source: contract, row "PID";
 * vectors in test/vectors/pid.json.
 */
export function derivePid(sku: Sku, validity: Validity, category: Category): string {
  const { product, mediaType, minutes, period, zone } = sku;
  return hash128([
    'license-pid',
    1,
    product,
    mediaType,
    minutes,
    period,
    zone,
    category,
    validity.unit,
    validity.count,
  ]);
}

/**
 * The renewId of a PID and a renewal validity, made like the PID over `["license-renewal",1,pid,unit,count]`:
 * a renewal inherits everything of the PID but the validity. Source: contract, row "Renewal".
 */
export function deriveRenewId(pid: string, validity: Validity): string {
  return hash128(['license-renewal', 1, pid, validity.unit, validity.count]);
}

function hash128(parts: readonly (string | number)[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 32).toUpperCase();
}
