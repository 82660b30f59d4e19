import {
  Category,
  DEFAULT_ZONE,
  MediaType,
  Period,
  Product,
  Sku,
  UNLIMITED_MINUTES,
  WHOLE_DAY,
} from '../catalog.ts';
import type { ApplicationItem } from '../documents/application.ts';
import { Count, Name, Zone } from '../shapes.ts';
import { numberField, parseFields, required, textField, type Values } from './fields.ts';
import { VALIDITY } from './validity.ts';

export type PurchaseItem = Extract<ApplicationItem, { kind: 'purchase' }>;

/** What may be said of the licenses that someone wants or sells. */
export const PURCHASE_FIELDS = {
  product: numberField(Product, '1 (RTC), 2 (RTSA) or 3 (FPA)'),
  mediaType: numberField(MediaType, '1 (audio), 2 (video) or 3 (both)'),
  minutes: numberField(Sku.properties.minutes, 'a number of minutes, 0 for unlimited'),
  period: textField(Period, 'a daily period HH:MM~HH:MM'),
  zone: textField(Zone, 'a time zone such as Asia/Shanghai'),
  category: textField(Category, 'device or account'),
  validity: VALIDITY,
  count: numberField(Count, 'a number of licenses'),
  label: textField(Name, 'a name of at most 100 characters'),
};

/**
 * A purchase from `product=1,mediaType=3,minutes=0,period=00:00~23:59,zone=Asia/Shanghai,category=device,
 * validity=1y,count=100[,label=TEXT]`. Only validity and count must be there; the rest as above.
 *
 * @throws `parameter_invalid`, `parameter_missing`
 */
export function parsePurchase(text: string, option: string): PurchaseItem {
  return purchaseOf(parseFields(PURCHASE_FIELDS, text, option), option);
}

/**
 * The purchase that parsed fields say, with their defaults.
 *
 * @throws `parameter_missing`
 */
export function purchaseOf(fields: Values<typeof PURCHASE_FIELDS>, option: string): PurchaseItem {
  return {
    kind: 'purchase',
    sku: {
      product: fields.product ?? 1,
      mediaType: fields.mediaType ?? 3,
      minutes: fields.minutes ?? UNLIMITED_MINUTES,
      period: fields.period ?? WHOLE_DAY,
      zone: fields.zone ?? DEFAULT_ZONE,
    },
    validity: required(fields.validity, `${option} validity`),
    category: fields.category ?? 'device',
    count: required(fields.count, `${option} count`),
    ...(fields.label !== undefined && { label: fields.label }),
  };
}
