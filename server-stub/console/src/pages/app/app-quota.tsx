import { useQuery } from '@tanstack/react-query';
import { Button, Flex, Form, InputNumber, Modal, Select, Typography } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import {
  type Allocations,
  type AppList,
  call,
  queryOf,
  type SeatsMoved,
  type Usage,
} from '../../data/api.ts';
import { useNames } from '../../data/names.ts';
import { timeOf } from '../../data/times.ts';
import { useUsage } from '../../data/usage.ts';
import { useAct } from '../../data/use-act.ts';
import { DataTable } from '../../shell/data-table.tsx';
import { PartTitle } from '../../shell/page-title.tsx';
import { useMe } from '../../shell/session-context.ts';

const PAGE_ROWS = 20;
type Direction = 'allocate' | 'takeBack';

/** What is reserved for an App, to reserve more or take back, and who did so. */
export function AppQuota({ app: { appId, cid, preallocation } }: { app: AppList['apps'][number] }) {
  const { t, i18n } = useTranslation();
  const { role, zone } = useMe();
  const usage = useUsage().data;
  const [direction, setDirection] = useState<Direction>();
  const [page, setPage] = useState(1);
  const { data } = useQuery({
    queryKey: ['allocations', appId, page],
    queryFn: () =>
      call<Allocations>('GET', `/apps/${appId}/allocations${queryOf({ page, size: PAGE_ROWS })}`),
  });
  const move = useAct(
    ({ pid, count }: { pid: string; count: number }) =>
      call<SeatsMoved>('POST', `/apps/${appId}/seats`, {
        pid,
        count: direction === 'takeBack' ? -count : count,
      }),
    ['allocations', 'usage', 'overview'],
    () => setDirection(undefined),
  );
  const { product, productChoices } = useNames();
  const choices = productChoices(cid);
  const may = role !== 'viewer' && preallocation;
  return (
    <>
      <PartTitle title={t('quotaOfApp')}>
        {may && (
          <Flex gap={8}>
            <Button onClick={() => setDirection('allocate')}>{t('allocate')}</Button>
            <Button onClick={() => setDirection('takeBack')}>{t('takeBack')}</Button>
          </Flex>
        )}
      </PartTitle>
      {!preallocation && <Typography.Text type="secondary">{t('noPreallocation')}</Typography.Text>}
      <DataTable<Usage['pools'][number]>
        name={t('quotaOfApp')}
        dataSource={usage?.pools.filter((pool) => pool.appId === appId) ?? []}
        rowKey="pid"
        pagination={false}
        locale={{ emptyText: t('none') }}
        columns={[
          {
            title: t('product_'),
            dataIndex: 'pid',
            render: product,
          },
          { title: t('granted'), dataIndex: 'granted', align: 'end' },
          { title: t('allocated'), dataIndex: 'allocated', align: 'end' },
          { title: t('used'), dataIndex: 'used', align: 'end' },
          {
            title: t('free'),
            key: 'free',
            align: 'end',
            render: (_, { granted, used }) => Math.max(granted - used, 0),
          },
        ]}
      />
      <PartTitle title={t('allocationHistory')} />
      <DataTable<Allocations['list'][number]>
        name={t('allocationHistory')}
        dataSource={data?.list ?? []}
        rowKey={({ createdAt, pid, count, creator }) => `${createdAt} ${pid} ${count} ${creator}`}
        pagination={{
          ...{ current: page, pageSize: PAGE_ROWS, total: data?.count ?? 0, onChange: setPage },
          hideOnSinglePage: true,
          showSizeChanger: false,
        }}
        locale={{ emptyText: t('none') }}
        columns={[
          {
            title: t('time'),
            dataIndex: 'createdAt',
            render: (at: number) => timeOf(at, zone, i18n.language),
          },
          { title: t('creator'), dataIndex: 'creator' },
          { title: t('count'), dataIndex: 'count', align: 'end' },
          {
            title: t('product_'),
            dataIndex: 'pid',
            render: product,
          },
        ]}
      />
      <Modal
        open={direction !== undefined}
        title={direction && t(direction)}
        okText={direction && t(direction)}
        cancelText={t('cancel')}
        confirmLoading={move.isPending}
        okButtonProps={{ htmlType: 'submit', form: 'seats' }}
        onCancel={() => setDirection(undefined)}
        destroyOnHidden
      >
        <Typography.Paragraph type="secondary">{direction && t(`${direction}Why`)}</Typography.Paragraph>
        <Form
          id="seats"
          layout="vertical"
          requiredMark={false}
          initialValues={{ pid: choices[0]?.value, count: 1 }}
          onFinish={(wish) => move.mutate(wish)}
        >
          <Form.Item name="pid" label={t('product_')} rules={[{ required: true, message: t('required') }]}>
            <Select options={choices} />
          </Form.Item>
          <Form.Item name="count" label={t('count')} rules={[{ required: true, message: t('required') }]}>
            <InputNumber min={1} max={100_000_000} precision={0} style={{ width: '100%' }} autoFocus />
          </Form.Item>
        </Form>
      </Modal>
    </>
  );
}
