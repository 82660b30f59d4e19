import { useQuery } from '@tanstack/react-query';
import { Flex } from 'antd';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { type BulkList, type BulkView, call } from '../data/api.ts';
import { timeOf } from '../data/times.ts';
import { DataTable } from '../shell/data-table.tsx';
import { Failure } from '../shell/failure.tsx';
import { PageTitle } from '../shell/page-title.tsx';
import { useMe } from '../shell/session-context.ts';
import { BeginBulk } from './bulk/begin-bulk.tsx';
import { BulkProgress } from './bulk/bulk-progress.tsx';

const isMoving = ({ state }: BulkView) => state === 'gathering' || state === 'running';

/** Changes of many licenses: those that wait, those under way, those that ended. */
export function BulkChangesPage() {
  const { t, i18n } = useTranslation();
  const { role, zone } = useMe();
  const { data, error, isPending, refetch } = useQuery({
    queryKey: ['bulk-changes'],
    queryFn: () => call<BulkList>('GET', '/bulk-changes'),
    refetchInterval: ({ state }) => (state.data?.bulkChanges.some(isMoving) ? 1000 : false),
  });
  return (
    <Flex vertical gap={16}>
      <PageTitle title={t('bulkChanges')}>{role !== 'viewer' && <BeginBulk />}</PageTitle>
      {error !== null && <Failure error={error} again={() => void refetch()} />}
      <DataTable<BulkView>
        name={t('bulkChanges')}
        loading={isPending}
        dataSource={data?.bulkChanges ?? []}
        rowKey="bulkId"
        pagination={{ pageSize: 20, hideOnSinglePage: true }}
        locale={{ emptyText: t('none') }}
        columns={[
          {
            title: t('time'),
            dataIndex: 'createdAt',
            render: (at: number, { bulkId }) => (
              <Link to={`/bulk-changes/${bulkId}`}>{timeOf(at, zone, i18n.language)}</Link>
            ),
          },
          { title: t('verb'), dataIndex: 'verb', render: (verb: BulkView['verb']) => t(`verbs.${verb}`) },
          { title: t('by'), dataIndex: 'user' },
          { title: t('state'), key: 'state', render: (_, bulk) => <BulkProgress bulk={bulk} /> },
          ...(['fits', 'changed', 'refused', 'failed'] as const).map((name) => ({
            ...{ title: t(name), dataIndex: name, align: 'end' as const },
          })),
        ]}
      />
    </Flex>
  );
}
