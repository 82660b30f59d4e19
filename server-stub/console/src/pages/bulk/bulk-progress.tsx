import { Progress } from 'antd';
import { useTranslation } from 'react-i18next';
import type { BulkView } from '../../data/api.ts';

/** How far a bulk change is, or what it is. */
export function BulkProgress({ bulk }: { bulk: BulkView }) {
  const { t } = useTranslation();
  const { state, fits, changed, failed } = bulk;
  if (state !== 'running') return t(`bulkStates.${state}`);
  const done = changed + failed;
  return (
    <Progress
      aria-label={t('bulkStates.running')}
      percent={fits + done === 0 ? 0 : Math.floor((100 * done) / (fits + done))}
      size="small"
      style={{ minWidth: 140 }}
    />
  );
}
