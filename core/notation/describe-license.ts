import { type Category, type Sku, skuView, UNLIMITED_MINUTES, type Validity } from '../catalog.ts';
import type { Language } from '../errors.ts';

/** What a PID stands for, for people: `1 year, device, RTC, audio+video, unlimited, 00:00~23:59 Asia/Shanghai`. */
export function describeLicense(
  {
    validity,
    category,
    sku,
  }: { readonly validity: Validity; readonly category: Category; readonly sku: Sku },
  language: Language,
): string {
  return [
    describeValidity(validity, language),
    describeCategory(category, language),
    describeSku(sku, language),
  ].join(', ');
}

/** What a SKU allows, for people: `RTC, audio+video, unlimited, 00:00~23:59 Asia/Shanghai`. */
export function describeSku(sku: Sku, language: Language): string {
  const words = WORDS[language];
  return [
    skuView(sku).name,
    words.media[sku.mediaType],
    sku.minutes === UNLIMITED_MINUTES ? words.unlimited : words.minutes(sku.minutes),
    `${sku.period} ${sku.zone}`,
  ].join(', ');
}

/** `1 year`, `3 months, trial`. */
export function describeValidity({ unit, count }: Validity, language: Language): string {
  return WORDS[language][unit](count);
}

export function describeCategory(category: Category, language: Language): string {
  return WORDS[language][category];
}

const WORDS = {
  en: {
    month: (count: number) => `${count} ${count === 1 ? 'month' : 'months'}, trial`,
    year: (count: number) => `${count} ${count === 1 ? 'year' : 'years'}`,
    device: 'device',
    account: 'account',
    media: { 1: 'audio', 2: 'video', 3: 'audio+video' },
    unlimited: 'unlimited',
    minutes: (count: number) => `${count} min`,
  },
  zh: {
    month: (count: number) => `${count} 个月（测试）`,
    year: (count: number) => `${count} 年`,
    device: '设备',
    account: '账号',
    media: { 1: '音频', 2: '视频', 3: '音视频' },
    unlimited: '不限分钟',
    minutes: (count: number) => `${count} 分钟`,
  },
} satisfies Record<Language, object>;
