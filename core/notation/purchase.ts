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
import { Count, Zone } from '../shapes.ts';
import { NAME } from './common-fields.ts';
import { numberField, parseFields, required, textField, type Values } from './fields.ts';
import { VALIDITY } from './validity.ts';

export type PurchaseItem = Extract<ApplicationItem, { kind: 'purchase' }>;

/** What may be said of the licenses that someone wants or sells. */
export const PURCHASE_FIELDS = {
  product: numberField(Product, { en: '1 (RTC), 2 (RTSA) or 3 (FPA)', zh: '1（RTC）、2（RTSA）或 3（FPA）' }),
  mediaType: numberField(MediaType, {
    en: '1 (audio), 2 (video) or 3 (both)',
    zh: '1（音频）、2（视频）或 3（音视频）',
  }),
  minutes: numberField(Sku.properties.minutes, {
    en: 'a number of minutes, 0 for unlimited',
    zh: '分钟数，0 表示不限',
  }),
  period: textField(Period, { en: 'a daily period HH:MM~HH:MM', zh: '每日时间段 HH:MM~HH:MM' }),
  zone: textField(Zone, { en: 'a time zone such as Asia/Shanghai', zh: '时区，例如 Asia/Shanghai' }),
  category: textField(Category, { en: 'device or account', zh: 'device 或 account' }),
  validity: VALIDITY,
  count: numberField(Count, { en: 'a number of licenses', zh: '许可证数量' }),
  label: NAME,
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
