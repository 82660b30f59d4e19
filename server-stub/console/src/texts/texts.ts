import { apps } from './apps.ts';
import { audit } from './audit.ts';
import { bulk } from './bulk.ts';
import { common } from './common.ts';
import { desk } from './desk.ts';
import { overview } from './overview.ts';
import { preauthorization } from './preauthorization.ts';
import { purchases } from './purchases.ts';
import { settings } from './settings.ts';

const PAGES = [common, overview, purchases, apps, preauthorization, desk, audit, settings, bulk] as const;

/** What the pages say, in both languages: the texts of all pages in one, each key once. */
export const texts = {
  en: Object.assign({}, ...PAGES.map(({ en }) => en)),
  zh: Object.assign({}, ...PAGES.map(({ zh }) => zh)),
};
