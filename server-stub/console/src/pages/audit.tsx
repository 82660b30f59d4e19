import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { Button, Flex, Input, Select, Typography } from 'antd';
import { useTranslation } from 'react-i18next';
import { useSearchParams } from 'react-router';
import { type AuditPage as AuditRows, call, queryOf } from '../data/api.ts';
import { fullPage } from '../data/pages-of.ts';
import { timeOf } from '../data/times.ts';
import { useUsage } from '../data/usage.ts';
import { DataTable } from '../shell/data-table.tsx';
import { Failure } from '../shell/failure.tsx';
import { PageTitle } from '../shell/page-title.tsx';
import { useMe } from '../shell/session-context.ts';
import { TrailCheck } from './audit/trail-check.tsx';

const PAGE_ROWS = 50;
const FILTERS = ['action', 'actor', 'subject'] as const;

/** Who changed what, and when. */
export function AuditPage() {
  const { t, i18n } = useTranslation();
  const { zone } = useMe();
  const companies = useUsage().data?.companies ?? [];
  const [wanted, want] = useSearchParams();
  const cid = wanted.get('cid') ?? companies[0]?.cid;
  const filter = { cid, ...Object.fromEntries(FILTERS.map((name) => [name, wanted.get(name) ?? undefined])) };
  const below = wanted.get('below');
  const { data, error, isFetching, refetch } = useQuery({
    queryKey: ['audit', filter, below],
    enabled: cid !== undefined,
    queryFn: ({ signal }) =>
      fullPage(
        (after: number | undefined, limit) =>
          call<AuditRows>('GET', `/audit${queryOf({ ...filter, below: after, limit })}`),
        below === null ? undefined : Number(below),
        PAGE_ROWS,
        signal,
      ),
    placeholderData: keepPreviousData,
  });
  const look = (change: Record<string, string | undefined>) =>
    want(new URLSearchParams(queryOf({ ...Object.fromEntries(wanted), below: undefined, ...change })));
  return (
    <Flex vertical gap={16}>
      <PageTitle title={t('audit')}>
        {companies.length > 1 && (
          <Select
            aria-label={t('company')}
            value={cid ?? null}
            style={{ minWidth: 180 }}
            onChange={(value: string) => want({ cid: value })}
            options={companies.map((company) => ({ value: company.cid, label: company.name }))}
          />
        )}
      </PageTitle>
      {cid !== undefined && <TrailCheck key={cid} cid={cid} />}
      <Flex wrap gap={8} role="search">
        {FILTERS.map((name) => (
          <Input.Search
            key={name}
            aria-label={t(`${name}Hint`)}
            placeholder={t(`${name}Hint`)}
            allowClear
            defaultValue={wanted.get(name) ?? ''}
            style={{ maxWidth: 280 }}
            onSearch={(text) => look({ [name]: text.trim() || undefined })}
          />
        ))}
        <Button href={`/console/api/audit.csv${queryOf(filter)}`} disabled={cid === undefined}>
          {t('export')}
        </Button>
      </Flex>
      {error !== null && <Failure error={error} again={() => void refetch()} />}
      <DataTable<AuditRows['rows'][number]>
        name={t('audit')}
        loading={isFetching}
        dataSource={data?.rows ?? []}
        rowKey="seq"
        pagination={false}
        locale={{ emptyText: t('nothingFound') }}
        columns={[
          { title: t('time'), dataIndex: 'at', render: (at: number) => timeOf(at, zone, i18n.language) },
          { title: t('row'), dataIndex: 'seq', align: 'end' },
          { title: t('action'), dataIndex: 'action' },
          {
            title: t('subject'),
            dataIndex: 'subject',
            render: (subject: string) => <code className="id">{subject}</code>,
          },
          { title: t('actor'), dataIndex: 'actor' },
          {
            title: '',
            dataIndex: 'detail',
            render: (detail: Record<string, unknown>) => (
              <Typography.Text type="secondary" style={{ maxWidth: 420, display: 'inline-block' }}>
                {Object.entries(detail)
                  .map(
                    ([name, value]) =>
                      `${name}: ${typeof value === 'object' ? JSON.stringify(value) : value}`,
                  )
                  .join(', ')}
              </Typography.Text>
            ),
          },
        ]}
      />
      <Flex gap={8} justify="end">
        <Button disabled={below === null} onClick={() => look({})}>
          {t('first')}
        </Button>
        <Button
          type="primary"
          disabled={data?.next == null}
          onClick={() => look({ below: String(data?.next) })}
        >
          {t('next')}
        </Button>
      </Flex>
    </Flex>
  );
}
