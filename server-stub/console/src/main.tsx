import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app.tsx';
import './style.css';
import { speakLanguage } from './shell/i18n.ts';
import { readPreferences } from './shell/preferences.ts';

await speakLanguage(readPreferences().language);
createRoot(document.getElementById('root') as HTMLElement).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
