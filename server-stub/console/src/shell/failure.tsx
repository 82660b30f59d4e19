import { Alert, Button } from 'antd';
import { useTranslation } from 'react-i18next';
import { ApiError } from '../data/api.ts';

/** What went wrong, in the server's words, and the way to try again. */
export function Failure({ error, again }: { error: Error; again?: () => void }) {
  const { t } = useTranslation();
  const text = error instanceof ApiError && error.code === 'offline' ? t('offline') : error.message;
  const action = again && (
    <Button size="small" onClick={again}>
      {t('again')}
    </Button>
  );
  return <Alert type="error" showIcon role="alert" title={text} action={action} />;
}
