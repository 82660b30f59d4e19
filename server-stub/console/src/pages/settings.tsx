import { useQuery } from '@tanstack/react-query';
import { App, Badge, Button, Descriptions, Flex, Typography } from 'antd';
import { useTranslation } from 'react-i18next';
import { call, type Receipt, type Retried, type Settings } from '../data/api.ts';
import { useNames } from '../data/names.ts';
import { dayOf, timeOf } from '../data/times.ts';
import { useAct } from '../data/use-act.ts';
import { Copied } from '../shell/copied.tsx';
import { DataTable } from '../shell/data-table.tsx';
import { Failure } from '../shell/failure.tsx';
import { PageTitle, PartTitle } from '../shell/page-title.tsx';
import { useMe } from '../shell/session-context.ts';

type Channel = Settings['channels'][number];
type Certificate = Settings['certificates'][number];

/** Who this server is, what certifies it, whom it tells, and a copy of what it holds. */
export function SettingsPage() {
  const { t, i18n } = useTranslation();
  const { zone } = useMe();
  const { message } = App.useApp();
  const { company } = useNames();
  const { data, error, refetch } = useQuery({
    queryKey: ['settings'],
    queryFn: () => call<Settings>('GET', '/settings'),
  });
  const test = useAct(
    (channel: string) => call<Receipt>('POST', `/channels/${channel}/test`),
    [],
    ({ answer }, channel) => void message.success(t('testDelivered', { channel, answer })),
  );
  const retry = useAct(
    (channel: string) => call<Retried>('POST', `/channels/${channel}/retry`),
    ['settings', 'overview'],
    ({ retried }) => void message.success(t('retried', { count: retried })),
  );
  if (error !== null) return <Failure error={error} again={() => void refetch()} />;
  if (data === undefined) return null;
  return (
    <Flex vertical gap={16}>
      <PageTitle title={t('settings')} />
      <PartTitle title={t('server')} />
      <Descriptions
        bordered
        size="small"
        column={1}
        items={[
          { key: 'id', label: t('serverId'), children: <Copied text={data.serverId} /> },
          { key: 'version', label: t('version'), children: data.version },
          { key: 'store', label: t('storeIn'), children: data.store === 'sqlite' ? 'SQLite' : 'PostgreSQL' },
          { key: 'urls', label: t('addresses'), children: data.publicUrls.join(', ') || '–' },
          { key: 'root', label: t('rootThumbprint'), children: <code className="id">{data.root}</code> },
          {
            key: 'ca',
            label: t('authority'),
            children: <Typography.Link href="/console/api/ca.pem">{t('authorityWhy')}</Typography.Link>,
          },
        ]}
      />
      <PartTitle title={t('certificates')} />
      <DataTable<Certificate>
        name={t('certificates')}
        dataSource={data.certificates}
        rowKey={({ cid, serial }) => `${cid} ${serial}`}
        pagination={{ pageSize: 20, hideOnSinglePage: true }}
        locale={{ emptyText: t('none') }}
        columns={[
          {
            title: t('company'),
            dataIndex: 'cid',
            render: company,
          },
          { title: t('serial'), dataIndex: 'serial' },
          { title: t('from'), dataIndex: 'nbf', render: (at: number) => dayOf(at, zone) },
          { title: t('until'), dataIndex: 'exp', render: (at: number) => dayOf(at, zone) },
          {
            title: t('state'),
            dataIndex: 'inForce',
            render: (is: boolean) => (
              <Badge
                status={is ? 'success' : 'default'}
                text={t(is ? 'certificateInForce' : 'certificateNot')}
              />
            ),
          },
          { title: t('key'), dataIndex: 'key', render: (key: string) => <code className="id">{key}</code> },
        ]}
      />
      <PartTitle title={t('channels')} />
      <Typography.Text type="secondary">{t('channelsWhy')}</Typography.Text>
      <DataTable<Channel>
        name={t('channels')}
        dataSource={data.channels}
        rowKey="channel"
        pagination={false}
        locale={{ emptyText: t('none') }}
        columns={[
          { title: t('channel'), dataIndex: 'channel' },
          {
            title: t('kind'),
            dataIndex: 'kind',
            render: (kind: string | null) => kind ?? t('notConfigured'),
          },
          ...(['waiting', 'failing', 'givenUp', 'delivered'] as const).map((name) => ({
            ...{ title: t(name), dataIndex: name, align: 'end' as const },
          })),
          {
            title: '',
            key: 'acts',
            render: (_, { channel, kind, failing, givenUp }) => (
              <Flex gap={4}>
                <Button
                  size="small"
                  disabled={kind === null}
                  loading={test.isPending && test.variables === channel}
                  onClick={() => test.mutate(channel)}
                >
                  {t('sendTest')}
                </Button>
                <Button size="small" disabled={failing + givenUp === 0} onClick={() => retry.mutate(channel)}>
                  {t('retry')}
                </Button>
              </Flex>
            ),
          },
        ]}
      />
      {data.troubles.length > 0 && (
        <DataTable<Settings['troubles'][number]>
          name={t('problem')}
          dataSource={data.troubles}
          rowKey={({ eventId, channel }) => `${eventId} ${channel}`}
          pagination={{ pageSize: 10, hideOnSinglePage: true }}
          columns={[
            { title: t('channel'), dataIndex: 'channel' },
            {
              title: t('since'),
              dataIndex: 'since',
              render: (at: number) => timeOf(at, zone, i18n.language),
            },
            { title: t('action'), dataIndex: 'type' },
            { title: t('problem'), dataIndex: 'problem' },
          ]}
        />
      )}
      <PartTitle title={t('backup')} />
      <Typography.Text type="secondary">
        {t(data.store === 'sqlite' ? 'backupWhy' : 'backupPostgres')}
      </Typography.Text>
      {data.store === 'sqlite' && (
        <Flex>
          <Button href="/console/api/backup">{t('backupDownload')}</Button>
        </Flex>
      )}
    </Flex>
  );
}
