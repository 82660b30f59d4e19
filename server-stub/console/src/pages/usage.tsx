import { Flex, Progress } from 'antd';
import { useTranslation } from 'react-i18next';
import type { Usage } from '../data/api.ts';
import { useNames } from '../data/names.ts';
import { useUsage } from '../data/usage.ts';
import { DataTable } from '../shell/data-table.tsx';
import { Failure } from '../shell/failure.tsx';
import { PageTitle, PartTitle } from '../shell/page-title.tsx';

type Pool = Usage['pools'][number];

/** 用量查看: per PID and App what was bought, allocated, activated and is free. */
export function UsagePage() {
  const { t } = useTranslation();
  const { data, error, isPending, refetch } = useUsage();
  const { company, app, product } = useNames();
  return (
    <Flex vertical gap={16}>
      <PageTitle title={t('usage')} />
      {error !== null && <Failure error={error} again={() => void refetch()} />}
      <DataTable<Pool>
        name={t('usage')}
        loading={isPending}
        dataSource={data?.pools ?? []}
        rowKey={({ cid, pid, appId }) => `${cid} ${pid} ${appId}`}
        pagination={{ pageSize: 20, hideOnSinglePage: true }}
        locale={{ emptyText: t('none') }}
        columns={[
          { title: t('company'), dataIndex: 'cid', render: company },
          {
            title: t('product_'),
            dataIndex: 'pid',
            render: (pid: string) => (
              <>
                <div>{product(pid)}</div>
                <code className="id">{pid}</code>
              </>
            ),
          },
          { title: t('app'), dataIndex: 'appId', render: app },
          { title: t('granted'), dataIndex: 'granted', align: 'end' },
          { title: t('allocated'), dataIndex: 'allocated', align: 'end' },
          { title: t('used'), dataIndex: 'used', align: 'end' },
          {
            title: t('free'),
            key: 'free',
            align: 'end',
            render: (_, { granted, used }) => Math.max(granted - used, 0),
          },
          {
            title: '%',
            key: 'share',
            width: 120,
            render: (_, pool) => <Share {...pool} name={`${t('used')} ${app(pool.appId)}`} />,
          },
        ]}
      />
      <PartTitle title={t('renewals')} />
      <DataTable<Usage['renewals'][number]>
        name={t('renewals')}
        loading={isPending}
        dataSource={data?.renewals ?? []}
        rowKey={({ cid, renewId, appId }) => `${cid} ${renewId} ${appId}`}
        pagination={{ pageSize: 20, hideOnSinglePage: true }}
        locale={{ emptyText: t('none') }}
        columns={[
          { title: t('company'), dataIndex: 'cid', render: company },
          {
            title: t('renewId'),
            dataIndex: 'renewId',
            render: (renewId: string, { pid }) => (
              <>
                <div>{product(pid)}</div>
                <code className="id">{renewId}</code>
              </>
            ),
          },
          { title: t('app'), dataIndex: 'appId', render: app },
          { title: t('granted'), dataIndex: 'granted', align: 'end' },
          { title: t('used'), dataIndex: 'used', align: 'end' },
          { title: t('free'), key: 'free', align: 'end', render: (_, { granted, used }) => granted - used },
        ]}
      />
    </Flex>
  );
}

function Share({ granted, used, name }: Pick<Pool, 'granted' | 'used'> & { name: string }) {
  const percent = granted === 0 ? 0 : Math.round((100 * used) / granted);
  return (
    <Progress
      aria-label={name}
      percent={percent}
      size="small"
      status={percent >= 100 ? 'exception' : 'normal'}
      format={(value) => `${value}%`}
    />
  );
}
