import { Typography } from 'antd';
import { useTranslation } from 'react-i18next';

/** An id, to be copied. */
export function Copied({ text }: { text: string }) {
  const { t } = useTranslation();
  return (
    <Typography.Text copyable={{ text, tooltips: [t('copy'), t('copy')] }}>
      <code className="id">{text}</code>
    </Typography.Text>
  );
}
