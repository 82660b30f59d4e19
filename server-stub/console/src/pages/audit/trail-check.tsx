import { useQuery } from '@tanstack/react-query';
import { Alert, Button, Flex, Progress, Typography } from 'antd';
import { useTranslation } from 'react-i18next';
import { call, type TrailCheckView } from '../../data/api.ts';
import { timeOf } from '../../data/times.ts';
import { useAct } from '../../data/use-act.ts';
import { useMe } from '../../shell/session-context.ts';

/** Whether the chain of a company's trail holds: asked for, then told as far as it is. */
export function TrailCheck({ cid }: { cid: string }) {
  const { t, i18n } = useTranslation();
  const { role, zone } = useMe();
  const { data } = useQuery({
    queryKey: ['trail-check', cid],
    queryFn: () => call<TrailCheckView>('GET', `/audit/check?cid=${cid}`),
    refetchInterval: ({ state }) => (state.data?.check?.endedAt === null ? 500 : false),
  });
  const start = useAct(() => call<TrailCheckView>('POST', '/audit/check', { cid }), ['trail-check']);
  const check = data?.check;
  return (
    <Flex vertical gap={8}>
      {role !== 'viewer' && (
        <Flex gap={12} align="center" wrap>
          <Button
            loading={start.isPending || check?.endedAt === null}
            onClick={() => start.mutate(undefined)}
          >
            {t('verify')}
          </Button>
          <Typography.Text type="secondary">{t('verifyWhy')}</Typography.Text>
        </Flex>
      )}
      {check?.endedAt === null && (
        <Progress
          aria-label={t('verify')}
          percent={check.of === 0 ? 0 : Math.floor((100 * check.rows) / check.of)}
          format={() => t('checking', check)}
        />
      )}
      {check != null && check.endedAt !== null && (
        <Alert
          type={check.problem === null && check.brokenAt === null ? 'success' : 'error'}
          showIcon
          title={
            check.problem ??
            (check.brokenAt === null
              ? t('intact', { rows: check.rows, time: timeOf(check.endedAt, zone, i18n.language) })
              : t('broken', { row: check.brokenAt }))
          }
        />
      )}
    </Flex>
  );
}
