import { useQuery } from '@tanstack/react-query';
import { Badge, Button, Flex, Tag } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { call, type Purchases } from '../data/api.ts';
import { describeProduct } from '../data/describe-product.ts';
import { useNames } from '../data/names.ts';
import { timeOf } from '../data/times.ts';
import { DataTable } from '../shell/data-table.tsx';
import { Failure } from '../shell/failure.tsx';
import { PageTitle } from '../shell/page-title.tsx';
import { useMe } from '../shell/session-context.ts';
import { ImportDialog } from './purchases/import-dialog.tsx';

type Line = Purchases['lines'][number];

/** 购买记录: what the vendor sold, and what is left of it. */
export function PurchasesPage() {
  const { t, i18n } = useTranslation();
  const { role, zone } = useMe();
  const [isImporting, setImporting] = useState(false);
  const { data, error, isPending, refetch } = useQuery({
    queryKey: ['purchases'],
    queryFn: () => call<Purchases>('GET', '/purchases'),
  });
  const grants = new Map(data?.grants.map((grant) => [grant.grantId, grant]));
  const names = useNames();
  const app = (appId: string | undefined) => (appId === undefined ? t('anyAppOf') : names.app(appId));
  const renewedBy = (pid: string) =>
    (data?.lines ?? []).filter((line) => line.kind === 'renewal' && line.pid === pid && !line.withdrawn);
  return (
    <Flex vertical gap={16}>
      <PageTitle title={t('purchases')}>
        {role === 'admin' && (
          <Button type="primary" onClick={() => setImporting(true)}>
            {t('importDocument')}
          </Button>
        )}
      </PageTitle>
      {error !== null && <Failure error={error} again={() => void refetch()} />}
      <DataTable<Line>
        name={t('purchases')}
        loading={isPending}
        dataSource={data?.lines.toReversed() ?? []}
        rowKey="termsId"
        pagination={{ pageSize: 50, hideOnSinglePage: true }}
        locale={{ emptyText: t('none') }}
        columns={[
          {
            title: t('importedAt'),
            dataIndex: 'grantId',
            render: (grantId: string) => timeOf(grants.get(grantId)?.importedAt ?? null, zone, i18n.language),
          },
          { title: t('lineKind'), dataIndex: 'kind', render: (kind: Line['kind']) => t(`lineOf.${kind}`) },
          {
            title: t('product_'),
            key: 'what',
            render: (_, line) => (
              <>
                <div>
                  {line.kind === 'purchase'
                    ? describeProduct(line, t)
                    : t(`validity.${line.validity.unit}`, { count: line.validity.count })}
                </div>
                <code className="id">{line.kind === 'purchase' ? line.pid : line.renewId}</code>
                {line.kind === 'renewal' && (
                  <div>
                    {t('renews')} <code className="id">{line.pid}</code>
                  </div>
                )}
                {line.kind === 'purchase' &&
                  renewedBy(line.pid).map((renewal) => (
                    <div key={renewal.termsId}>
                      {t('renewedBy')}{' '}
                      <code className="id">{renewal.kind === 'renewal' && renewal.renewId}</code>
                    </div>
                  ))}
              </>
            ),
          },
          { title: t('app'), dataIndex: 'appId', render: app },
          { title: t('granted'), dataIndex: 'count', align: 'end' },
          { title: t('used'), dataIndex: 'used', align: 'end' },
          { title: t('left'), key: 'left', align: 'end', render: (_, { count, used }) => count - used },
          {
            title: t('grant'),
            dataIndex: 'grantId',
            key: 'grant',
            render: (grantId: string, { withdrawn }) => (
              <>
                <code className="id">{grantId}</code>{' '}
                {grants.get(grantId)?.replacedBy != null && <Tag>{t('replaced')}</Tag>}
                {withdrawn && <Badge status="default" text={t('withdrawn')} />}
              </>
            ),
          },
        ]}
      />
      {isImporting && <ImportDialog onClose={() => setImporting(false)} />}
    </Flex>
  );
}
