import { useQuery } from '@tanstack/react-query';
import { Alert, Button, Flex, Progress } from 'antd';
import { useTranslation } from 'react-i18next';
import { Link, useNavigate, useParams } from 'react-router';
import { type BulkDetail, type BulkView, call } from '../data/api.ts';
import { useAct } from '../data/use-act.ts';
import { DataTable } from '../shell/data-table.tsx';
import { Failure } from '../shell/failure.tsx';
import { PageTitle, PartTitle } from '../shell/page-title.tsx';
import { useMe } from '../shell/session-context.ts';
import { BulkProgress } from './bulk/bulk-progress.tsx';

/** One change of many licenses: what it comes to, whether it shall be, how far it is, what became of it. */
export function BulkChangePage() {
  const { t } = useTranslation();
  const { role } = useMe();
  const { bulkId = '' } = useParams();
  const navigate = useNavigate();
  const path = `/bulk-changes/${bulkId}`;
  const { data, error, refetch } = useQuery({
    queryKey: ['bulk-change', bulkId],
    queryFn: () => call<BulkDetail>('GET', path),
    refetchInterval: ({ state }) =>
      ['gathering', 'running'].includes(state.data?.bulk.state ?? '') ? 500 : false,
  });
  const changes = ['bulk-change', 'bulk-changes', 'licenses', 'license', 'usage', 'overview'];
  const start = useAct(() => call<BulkView>('POST', `${path}/start`), changes);
  const cancel = useAct(() => call<BulkView>('POST', `${path}/cancel`), changes);
  const undo = useAct(
    () => call<BulkView>('POST', '/bulk-changes', { undoOf: bulkId }),
    ['bulk-changes'],
    (made) => void navigate(`/bulk-changes/${made.bulkId}`),
  );
  if (error !== null) return <Failure error={error} again={() => void refetch()} />;
  if (data === undefined) return null;
  const { bulk, troubles } = data;
  const { state, fits } = bulk;
  const verb = t(`verbs.${bulk.verb}`);
  const may = role !== 'viewer';
  return (
    <Flex vertical gap={16}>
      <Link to="/bulk-changes">← {t('bulkChanges')}</Link>
      <PageTitle title={verb}>
        <Flex gap={8} wrap>
          {may && state === 'ready' && (
            <Button
              type="primary"
              disabled={fits === 0}
              loading={start.isPending}
              onClick={() => start.mutate(undefined)}
            >
              {t('startSure', { verb, fits })}
            </Button>
          )}
          {may && ['gathering', 'ready', 'running'].includes(state) && (
            <Button loading={cancel.isPending} onClick={() => cancel.mutate(undefined)}>
              {t(state === 'running' ? 'stop' : 'discard')}
            </Button>
          )}
          {may && bulk.undo !== null && (
            <Button loading={undo.isPending} onClick={() => undo.mutate(undefined)}>
              {t('undo')}: {t(`verbs.${bulk.undo}`)}
            </Button>
          )}
          <Button href={`/console/api${path}/report.csv`} disabled={state === 'gathering'}>
            {t('report')}
          </Button>
        </Flex>
      </PageTitle>
      {state === 'gathering' ? (
        <Progress
          aria-label={t('bulkStates.gathering')}
          percent={100}
          status="active"
          format={() => `${fits + bulk.same + bulk.refused}`}
        />
      ) : (
        <Alert
          type={state === 'ended' ? 'success' : 'info'}
          showIcon
          title={t(state === 'ready' ? 'comesTo' : 'done', { ...bulk, verb })}
          description={<BulkProgress bulk={bulk} />}
        />
      )}
      {troubles.length > 0 && (
        <>
          <PartTitle title={t('refusedOnes')} />
          <DataTable<BulkDetail['troubles'][number]>
            name={t('refusedOnes')}
            dataSource={troubles}
            rowKey={({ name, problem }) => `${name} ${problem}`}
            pagination={false}
            columns={[
              { title: t('license'), dataIndex: 'name' },
              { title: t('problem'), dataIndex: 'problem' },
            ]}
          />
        </>
      )}
    </Flex>
  );
}
