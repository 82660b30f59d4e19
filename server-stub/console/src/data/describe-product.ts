import type { TFunction } from 'i18next';
import type { Usage } from './api.ts';

/** What a PID licenses, in one line. */
export function describeProduct(product: Usage['products'][number] | undefined, t: TFunction): string {
  if (product === undefined) return '';
  const { sku, validity, category, label } = product;
  const parts = [
    t(`validity.${validity.unit}`, { count: validity.count }),
    t(`categories.${category}`),
    t(`media.${sku.mediaType}`),
    sku.minutes === 0 ? t('unlimited') : t('minutes', { count: sku.minutes }),
    sku.period === '00:00~23:59' ? undefined : `${sku.period} ${sku.zone}`,
  ];
  const text = parts.filter((part) => part !== undefined).join(' · ');
  return label === undefined ? text : `${label} · ${text}`;
}
