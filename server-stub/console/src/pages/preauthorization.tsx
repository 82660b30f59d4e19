import { useQuery } from '@tanstack/react-query';
import { Button, Flex, Input, Select, Switch, Typography } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useSearchParams } from 'react-router';
import { call, type KeysChanged, type PreauthorizationView, queryOf } from '../data/api.ts';
import { useApps } from '../data/apps.ts';
import { timeOf } from '../data/times.ts';
import { useAct } from '../data/use-act.ts';
import { DataTable } from '../shell/data-table.tsx';
import { Failure } from '../shell/failure.tsx';
import { PageTitle } from '../shell/page-title.tsx';
import { useMe } from '../shell/session-context.ts';
import { useAsk } from '../shell/use-ask.ts';
import { AddKeys } from './preauthorization/add-keys.tsx';
import { Uploads } from './preauthorization/uploads.tsx';

const PAGE_ROWS = 50;
type Key = PreauthorizationView['keys'][number];

/** 预授权: which LicenseKeys may activate in an App. */
export function PreauthorizationPage() {
  const { t, i18n } = useTranslation();
  const { role, zone } = useMe();
  const apps = useApps().data?.apps ?? [];
  const [wanted, want] = useSearchParams();
  const appId = wanted.get('appId') ?? apps[0]?.appId;
  const key = wanted.get('key') ?? undefined;
  const [page, setPage] = useState(1);
  const [chosen, choose] = useState<string[]>([]);
  const path = `/apps/${appId}/preauthorization`;
  const { data, error, isPending, refetch } = useQuery({
    queryKey: ['preauthorization', appId, page, key],
    enabled: appId !== undefined,
    queryFn: () => call<PreauthorizationView>('GET', path + queryOf({ page, size: PAGE_ROWS, key })),
  });
  const changes = ['preauthorization', 'uploads'];
  const turn = useAct((enabled: boolean) => call<object>('PUT', `${path}/switch`, { enabled }), changes);
  const remove = useAct(
    (licenseKeys: string[]) => call<KeysChanged>('POST', `${path}/deletions`, { licenseKeys }),
    changes,
    () => choose([]),
  );
  const clear = useAct(() => call<KeysChanged>('DELETE', `${path}/keys`), changes);
  const name = apps.find((app) => app.appId === appId)?.name ?? '';
  const may = role !== 'viewer';
  const count = data?.count ?? 0;
  const ask = useAsk();
  return (
    <Flex vertical gap={16}>
      <PageTitle title={t('preauthorization')}>
        <Select
          aria-label={t('app')}
          value={appId ?? null}
          style={{ minWidth: 200 }}
          onChange={(value: string) => {
            setPage(1);
            choose([]);
            want({ appId: value });
          }}
          options={apps.map((app) => ({ value: app.appId, label: app.name || app.appId }))}
        />
      </PageTitle>
      {error !== null && <Failure error={error} again={() => void refetch()} />}
      <Flex gap={12} align="center" wrap>
        <Switch
          aria-label={t('onlyListed')}
          checked={data?.enabled ?? false}
          disabled={!may || data === undefined}
          loading={turn.isPending}
          onChange={(enabled) =>
            enabled ? ask(t('switchOnSure', { count }), () => turn.mutate(true)) : turn.mutate(false)
          }
        />
        <Typography.Text strong>{t(data?.enabled ? 'onlyListed' : 'anyKey')}</Typography.Text>
        <Typography.Text type="secondary">
          {t('listed')}: {count}
        </Typography.Text>
      </Flex>
      <Flex gap={8} wrap role="search">
        <Input.Search
          aria-label={t('findKey')}
          placeholder={t('findKey')}
          allowClear
          defaultValue={key}
          style={{ maxWidth: 320 }}
          onSearch={(text) => want({ appId: appId ?? '', ...(text.trim() && { key: text.trim() }) })}
        />
        {may && appId !== undefined && <AddKeys path={path} />}
        <Button href={`/console/api${path}/keys.txt`} disabled={count === 0}>
          {t('exportKeys')}
        </Button>
        {may && (
          <>
            <Button
              danger
              disabled={chosen.length === 0}
              onClick={() =>
                ask(t('deleteSure', { count: chosen.length }), () => remove.mutate(chosen), t('delete'))
              }
            >
              {t('delete')}
            </Button>
            <Button
              danger
              disabled={count === 0}
              onClick={() =>
                ask(t('clearSure', { count, app: name }), () => clear.mutate(undefined), t('clear'))
              }
            >
              {t('clear')}
            </Button>
          </>
        )}
      </Flex>
      <DataTable<Key>
        name={t('listed')}
        loading={isPending && appId !== undefined}
        dataSource={data?.keys ?? []}
        rowKey="licenseKey"
        {...(may && {
          rowSelection: {
            selectedRowKeys: chosen,
            onChange: (keys) => choose(keys.map(String)),
            getCheckboxProps: ({ licenseKey }) => ({ 'aria-label': licenseKey }) as object,
            columnTitle: <span />,
          },
        })}
        pagination={{
          ...{ current: page, pageSize: PAGE_ROWS, total: key === undefined ? count : 1, onChange: setPage },
          hideOnSinglePage: true,
          showSizeChanger: false,
        }}
        locale={{ emptyText: t(key === undefined ? 'none' : 'notListed') }}
        columns={[
          { title: t('licenseKey'), dataIndex: 'licenseKey' },
          {
            title: t('addedAt'),
            dataIndex: 'createdAt',
            render: (at: number) => timeOf(at, zone, i18n.language),
          },
        ]}
      />
      {appId !== undefined && <Uploads path={path} />}
    </Flex>
  );
}
