import { useSyncExternalStore } from 'react';

export type Language = 'zh-CN' | 'en';
export type Appearance = 'light' | 'dark';

export interface Preferences {
  readonly language: Language;
  readonly appearance: Appearance;
}

const KEY = 'license-console';
const listeners = new Set<() => void>();
let current: Preferences = read();

/** Language and appearance: as the browser has them, until the person chooses; then as chosen. */
export function usePreferences(): Preferences {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => current,
  );
}

/** The same, outside of a component. */
export function readPreferences(): Preferences {
  return current;
}

export function prefer(change: Partial<Preferences>): void {
  current = { ...current, ...change };
  localStorage.setItem(KEY, JSON.stringify(current));
  for (const listener of listeners) listener();
}

function read(): Preferences {
  const asBrowser: Preferences = {
    language: navigator.language.toLowerCase().startsWith('zh') ? 'zh-CN' : 'en',
    appearance: matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light',
  };
  try {
    const chosen = JSON.parse(localStorage.getItem(KEY) ?? '{}');
    return {
      language: ['zh-CN', 'en'].includes(chosen.language) ? chosen.language : asBrowser.language,
      appearance: ['light', 'dark'].includes(chosen.appearance) ? chosen.appearance : asBrowser.appearance,
    };
  } catch {
    return asBrowser;
  }
}
