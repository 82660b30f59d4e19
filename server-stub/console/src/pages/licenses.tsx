import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { Badge, Button, Flex, Input, Select } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, useSearchParams } from 'react-router';
import { call, type LicensePage, type LicenseView, queryOf } from '../data/api.ts';
import { fullPage } from '../data/pages-of.ts';
import { dayOf, timeOf } from '../data/times.ts';
import { useUsage } from '../data/usage.ts';
import { DataTable } from '../shell/data-table.tsx';
import { Failure } from '../shell/failure.tsx';
import { STATUS } from '../shell/license-status.ts';
import { PageTitle } from '../shell/page-title.tsx';
import { useMe } from '../shell/session-context.ts';
import { BeginBulk } from './bulk/begin-bulk.tsx';

const PAGE_ROWS = 50;
const DAY_FILTERS = [
  { name: 'endingWithinDays', text: 'byEnd', any: 'anyEnd', choices: [7, 30, 60, 90] },
  { name: 'unseenForDays', text: 'unseen', any: 'anySeen', choices: [7, 14, 30, 90] },
] as const;
const STATES = ['active', 'expired', 'suspended', 'released'] as const;

/** Licenses by what is known of them; what is looked for stands in the address, to be kept and sent on. */
export function LicensesPage() {
  const { t, i18n } = useTranslation();
  const { role, zone } = useMe();
  const apps = useUsage().data?.apps ?? [];
  const [wanted, want] = useSearchParams();
  const [key, setKey] = useState(wanted.get('key') ?? '');
  const asked = (name: string) => wanted.get(name) ?? undefined;
  const days = (name: string) => (asked(name) === undefined ? undefined : Number(asked(name)));
  const filter = {
    ...{ key: asked('key'), state: asked('state'), appId: asked('appId'), group: asked('group') },
    ...{ endingWithinDays: days('endingWithinDays'), unseenForDays: days('unseenForDays') },
  };
  const { data, error, isFetching, refetch } = useQuery({
    queryKey: ['licenses', filter, asked('after')],
    queryFn: ({ signal }) =>
      fullPage(
        async (after: string | undefined, limit) => {
          const query = queryOf({ ...filter, after, limit });
          const { licenses, next } = await call<LicensePage>('GET', `/licenses${query}`);
          return { rows: licenses, next };
        },
        asked('after'),
        PAGE_ROWS,
        signal,
      ),
    placeholderData: keepPreviousData,
  });
  const look = (change: Record<string, string | undefined>) => {
    const next = { ...Object.fromEntries(wanted), after: undefined, ...change };
    want(new URLSearchParams(queryOf(next)));
  };
  return (
    <Flex vertical gap={16}>
      <PageTitle title={t('licenses')}>
        <Flex gap={8}>
          {role !== 'viewer' && <BeginBulk filter={filter} />}
          <Button href={`/console/api/licenses.csv${queryOf(filter)}`}>{t('export')}</Button>
        </Flex>
      </PageTitle>
      <Flex wrap gap={8} role="search">
        <Input.Search
          aria-label={t('search')}
          placeholder={t('search')}
          allowClear
          value={key}
          onChange={({ target }) => setKey(target.value)}
          onSearch={(text) => look({ key: text.trim() || undefined })}
          style={{ maxWidth: 380 }}
        />
        <Select
          aria-label={t('state')}
          style={{ minWidth: 130 }}
          value={asked('state') ?? ''}
          onChange={(state) => look({ state: state || undefined })}
          options={[
            { value: '', label: t('anyState') },
            ...STATES.map((state) => ({ value: state, label: t(`states.${state}`) })),
          ]}
        />
        <Select
          aria-label={t('app')}
          style={{ minWidth: 150 }}
          value={asked('appId') ?? ''}
          onChange={(appId) => look({ appId: appId || undefined })}
          options={[
            { value: '', label: t('anyApp') },
            ...apps.map(({ appId, name }) => ({ value: appId, label: name })),
          ]}
        />
        {DAY_FILTERS.map(({ name, text, any, choices }) => (
          <Select
            key={name}
            aria-label={t(text)}
            style={{ minWidth: 150 }}
            value={asked(name) ?? ''}
            onChange={(value) => look({ [name]: value || undefined })}
            options={[
              { value: '', label: t(any) },
              ...choices.map((count) => ({
                value: String(count),
                label: `${t(text)} ${t('days', { count })}`,
              })),
            ]}
          />
        ))}
      </Flex>
      {error !== null && <Failure error={error} again={() => void refetch()} />}
      <DataTable<LicenseView>
        name={t('licenses')}
        loading={isFetching}
        dataSource={data?.rows ?? []}
        rowKey="license"
        pagination={false}
        locale={{ emptyText: t('nothingFound') }}
        columns={[
          {
            title: t('licenseKey'),
            dataIndex: 'licenseKey',
            render: (key: string, { license }) => <Link to={`/licenses/${license}`}>{key}</Link>,
          },
          {
            title: t('state'),
            dataIndex: 'state',
            render: (state: LicenseView['state']) => (
              <Badge status={STATUS[state]} text={t(`states.${state}`)} />
            ),
          },
          {
            title: t('app'),
            dataIndex: 'appId',
            render: (appId: string) => apps.find((app) => app.appId === appId)?.name ?? appId,
          },
          {
            title: t('ends'),
            dataIndex: 'expireTime',
            render: (at: number) => dayOf(at, zone),
          },
          {
            title: t('lastSeen'),
            dataIndex: 'lastSeenAt',
            render: (at: number | null) => (at === null ? t('never') : timeOf(at, zone, i18n.language)),
          },
          { title: t('group'), dataIndex: 'group' },
          { title: t('label'), dataIndex: 'label' },
          {
            title: t('license'),
            dataIndex: 'license',
            render: (license: string) => <code className="id">{license}</code>,
          },
        ]}
      />
      <Flex gap={8} justify="end">
        <Button disabled={asked('after') === undefined} onClick={() => look({})}>
          {t('first')}
        </Button>
        <Button
          type="primary"
          disabled={data === undefined || data.next === null}
          onClick={() => look({ after: data?.next ?? undefined })}
        >
          {t('next')}
        </Button>
      </Flex>
    </Flex>
  );
}
