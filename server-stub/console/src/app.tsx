import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { App as AntApp, ConfigProvider, theme } from 'antd';
import enUS from 'antd/locale/en_US';
import zhCN from 'antd/locale/zh_CN';
import { useEffect } from 'react';
import { BrowserRouter } from 'react-router';
import { ApiError } from './data/api.ts';
import { Gate } from './shell/gate.tsx';
import { speakLanguage } from './shell/i18n.ts';
import { usePreferences } from './shell/preferences.ts';

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 10_000,
      // What the server refuses it refuses again; what did not arrive may arrive.
      retry: (count, error) => count < 2 && error instanceof ApiError && error.code === 'offline',
    },
  },
});

/** The Console: language and appearance as the person has them, then whoever is signed in. */
export function App() {
  const { language, appearance } = usePreferences();
  useEffect(() => void speakLanguage(language), [language]);
  const { darkAlgorithm, defaultAlgorithm } = theme;
  const isDark = appearance === 'dark';
  return (
    <ConfigProvider
      locale={language === 'en' ? enUS : zhCN}
      button={{ autoInsertSpace: false }}
      theme={{
        algorithm: isDark ? darkAlgorithm : defaultAlgorithm,
        token: {
          // WCAG 2.2 §2.3.3: whoever asked the system for less motion gets none.
          motion: !matchMedia('(prefers-reduced-motion: reduce)').matches,
          // Readable on white and on black alike (WCAG 2.2 §1.4.3).
          colorPrimary: '#1668dc',
          colorTextTertiary: isDark ? '#a6a6a6' : '#595959',
          colorTextDescription: isDark ? '#a6a6a6' : '#595959',
          colorTextPlaceholder: isDark ? '#a6a6a6' : '#6b6b6b',
          colorError: isDark ? '#ff7875' : '#cf1322',
          colorLink: isDark ? '#69b1ff' : '#0958d9',
        },
        components: { Menu: { itemSelectedColor: isDark ? '#91caff' : '#0958d9' } },
      }}
    >
      <AntApp>
        <QueryClientProvider client={queries}>
          <BrowserRouter basename="/console">
            <Gate />
          </BrowserRouter>
        </QueryClientProvider>
      </AntApp>
    </ConfigProvider>
  );
}
