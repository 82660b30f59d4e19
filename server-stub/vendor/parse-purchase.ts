import {
  Category,
  DEFAULT_ZONE,
  MediaType,
  Period,
  Product,
  Sku,
  UNLIMITED_MINUTES,
  WHOLE_DAY,
} from '#core/catalog.ts';
import { AppId, Count, Name, Zone } from '#core/shapes.ts';
import { numberField, parseFields, required, textField } from './fields.ts';
import type { OrderedPurchase } from './grant-order.ts';
import { LIMIT_FIELDS, type Limits, limitsFrom, limitsOf } from './limits.ts';
import { parseValidity, VALIDITY_NOTATION } from './parse-validity.ts';

const FIELDS = {
  product: numberField(Product, '1 (RTC), 2 (RTSA) or 3 (FPA)'),
  mediaType: numberField(MediaType, '1 (audio), 2 (video) or 3 (both)'),
  minutes: numberField(Sku.properties.minutes, 'a number of minutes, 0 for unlimited'),
  period: textField(Period, 'a daily period HH:MM~HH:MM'),
  zone: textField(Zone, 'a time zone such as Asia/Shanghai'),
  category: textField(Category, 'device or account'),
  validity: { takes: VALIDITY_NOTATION, read: parseValidity },
  count: numberField(Count, 'a number of licenses'),
  app: textField(AppId, 'an App ID of 32 lower-case hex characters'),
  label: textField(Name, 'a name of at most 100 characters'),
  pcu: numberField(Count, 'a number of concurrent users'),
  ...LIMIT_FIELDS,
};

/**
 * A purchase line from `product=1,mediaType=3,minutes=0,period=00:00~23:59,zone=Asia/Shanghai,category=device,
 * validity=1y,count=100[,app=APPID][,label=TEXT][,pcu=N][,tokenLife=90d][,grace=14d][,expiryGrace=0]
 * [,transfersPerYear=1]`. Only validity and count must be there; the rest as above.
 *
 * @param chosen limits of all lines, which those of the line override
 * @throws `parameter_invalid`, `parameter_missing`
 */
export function parsePurchase(text: string, chosen: Partial<Limits>): OrderedPurchase {
  const option = '--purchase';
  const fields = parseFields(FIELDS, text, option);
  const { category = 'device' } = fields;
  return {
    kind: 'purchase',
    validity: required(fields.validity, `${option} validity`),
    count: required(fields.count, `${option} count`),
    ...(fields.app !== undefined && { appId: fields.app }),
    sku: {
      product: fields.product ?? 1,
      mediaType: fields.mediaType ?? 3,
      minutes: fields.minutes ?? UNLIMITED_MINUTES,
      period: fields.period ?? WHOLE_DAY,
      zone: fields.zone ?? DEFAULT_ZONE,
    },
    category,
    ...(fields.label !== undefined && { label: fields.label }),
    ...(fields.pcu !== undefined && { pcu: fields.pcu }),
    ...limitsOf(category, { ...chosen, ...limitsFrom(fields) }),
  };
}
