import i18next from 'i18next';
import { initReactI18next } from 'react-i18next';
import { speak } from '../data/api.ts';
import type { Language } from './preferences.ts';
import { texts } from './texts.ts';

/** Speaks a language: the pages, the document, and what the server answers. */
export async function speakLanguage(language: Language): Promise<void> {
  // Before the pages ask again in it.
  speak(language);
  if (!i18next.isInitialized) {
    await i18next.use(initReactI18next).init({
      resources: { en: { translation: texts.en }, 'zh-CN': { translation: texts.zh } },
      lng: language,
      fallbackLng: 'en',
      // React escapes what it shows.
      interpolation: { escapeValue: false },
    });
  } else await i18next.changeLanguage(language);
  document.documentElement.lang = language;
  document.title = i18next.t('product');
}
