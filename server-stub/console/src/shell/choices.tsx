import { Button, Flex } from 'antd';
import { useTranslation } from 'react-i18next';
import { prefer, usePreferences } from './preferences.ts';

/** The language that is not spoken, and the appearance that is not shown. */
export function Choices() {
  const { t } = useTranslation();
  const { language, appearance } = usePreferences();
  const other = language === 'en' ? 'zh-CN' : 'en';
  const isDark = appearance === 'dark';
  return (
    <Flex gap={4}>
      <Button type="text" lang={other} onClick={() => prefer({ language: other })}>
        {t('language')}
      </Button>
      <Button type="text" onClick={() => prefer({ appearance: isDark ? 'light' : 'dark' })}>
        {t(isDark ? 'light' : 'dark')}
      </Button>
    </Flex>
  );
}
