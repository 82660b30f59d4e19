import { Flex, Typography } from 'antd';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import type { AppList } from '../data/api.ts';
import { useApps } from '../data/apps.ts';
import { Copied } from '../shell/copied.tsx';
import { DataTable } from '../shell/data-table.tsx';
import { Failure } from '../shell/failure.tsx';
import { PageTitle } from '../shell/page-title.tsx';
import { useMe } from '../shell/session-context.ts';
import { Credentials } from './app/credentials.tsx';

/** The Apps, with what a program needs to know of them. */
export function AppsPage() {
  const { t } = useTranslation();
  const { role } = useMe();
  const { data, error, isPending, refetch } = useApps();
  return (
    <Flex vertical gap={16}>
      <PageTitle title={t('apps')} />
      {error !== null && <Failure error={error} again={() => void refetch()} />}
      <DataTable<AppList['apps'][number]>
        name={t('apps')}
        loading={isPending}
        dataSource={data?.apps ?? []}
        rowKey="appId"
        pagination={{ pageSize: 50, hideOnSinglePage: true }}
        locale={{ emptyText: t('none') }}
        columns={[
          {
            title: t('app'),
            dataIndex: 'name',
            render: (name: string, { appId }) => <Link to={`/apps/${appId}`}>{name || appId}</Link>,
          },
          { title: t('appId'), dataIndex: 'appId', render: (id: string) => <Copied text={id} /> },
          { title: t('cid'), dataIndex: 'cid', render: (id: string) => <Copied text={id} /> },
          { title: t('vid'), dataIndex: 'vid', render: (id: string) => <Copied text={id} /> },
          {
            title: t('autoRenewal'),
            dataIndex: 'autoRenewDays',
            render: (days: number | null, { waiting }) => (
              <>
                {days === null ? t('off') : t('daysBefore', { count: days })}
                {waiting > 0 && (
                  <Typography.Text type="warning"> · {t('waiting_', { count: waiting })}</Typography.Text>
                )}
              </>
            ),
          },
        ]}
      />
      {role === 'admin' && <Credentials />}
    </Flex>
  );
}
