import { useQuery } from '@tanstack/react-query';
import { App, Button, Flex, Form, Input, Modal, Select, Typography } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { type CredentialList, type CredentialView, call } from '../../data/api.ts';
import { dayOf, timeOf } from '../../data/times.ts';
import { useUsage } from '../../data/usage.ts';
import { useAct } from '../../data/use-act.ts';
import { Copied } from '../../shell/copied.tsx';
import { DataTable } from '../../shell/data-table.tsx';
import { Failure } from '../../shell/failure.tsx';
import { PartTitle } from '../../shell/page-title.tsx';
import { useMe } from '../../shell/session-context.ts';
import { useAsk } from '../../shell/use-ask.ts';

const OVERLAP_HOURS = 24;

/** Pairs for programs that call the OpenAPI. */
export function Credentials() {
  const { t, i18n } = useTranslation();
  const { zone } = useMe();
  const { modal } = App.useApp();
  const companies = useUsage().data?.companies ?? [];
  const [isMaking, setMaking] = useState(false);
  const { data, error, isPending } = useQuery({
    queryKey: ['credentials'],
    queryFn: () => call<CredentialList>('GET', '/credentials'),
  });
  const tell = ({ customerId, customerSecret }: CredentialView) => {
    setMaking(false);
    modal.success({
      title: t('secretOnce'),
      okText: t('ok'),
      content: (
        <Flex vertical gap={8}>
          <span>
            customerId <Copied text={customerId} />
          </span>
          <span>
            customerSecret <Copied text={customerSecret} />
          </span>
        </Flex>
      ),
    });
  };
  const make = useAct(
    (wish: object) => call<CredentialView>('POST', '/credentials', wish),
    ['credentials'],
    tell,
  );
  const rotate = useAct(
    (id: string) =>
      call<CredentialView>('POST', `/credentials/${id}/rotation`, { overlapHours: OVERLAP_HOURS }),
    ['credentials'],
    tell,
  );
  const revoke = useAct((id: string) => call<void>('DELETE', `/credentials/${id}`), ['credentials']);
  const ask = useAsk();
  return (
    <>
      <PartTitle title={t('credentials')}>
        <Button onClick={() => setMaking(true)}>{t('newCredential')}</Button>
      </PartTitle>
      <Typography.Text type="secondary">{t('credentialsWhy')}</Typography.Text>
      {error !== null && <Failure error={error} />}
      <DataTable<CredentialList['credentials'][number]>
        name={t('credentials')}
        loading={isPending}
        dataSource={data?.credentials ?? []}
        rowKey="customerId"
        pagination={{ pageSize: 20, hideOnSinglePage: true }}
        locale={{ emptyText: t('none') }}
        columns={[
          { title: 'customerId', dataIndex: 'customerId', render: (id: string) => <Copied text={id} /> },
          { title: t('label'), dataIndex: 'label' },
          { title: t('cid'), dataIndex: 'cid' },
          {
            title: t('scope'),
            dataIndex: 'scope',
            render: (scope: 'full' | 'activate') => t(`scopes.${scope}`),
          },
          { title: t('created'), dataIndex: 'createdAt', render: (at: number) => dayOf(at, zone) },
          { title: t('lastUsed'), dataIndex: 'lastUsedAt', render: (at: number | null) => dayOf(at, zone) },
          {
            title: t('state'),
            key: 'state',
            render: (_, { revokedAt, previousUntil }) =>
              revokedAt !== null
                ? t('revoked')
                : previousUntil !== null && previousUntil * 1000 > Date.now()
                  ? t('oldUntil', { time: timeOf(previousUntil, zone, i18n.language) })
                  : t('inForce'),
          },
          {
            title: '',
            key: 'acts',
            render: (_, { customerId, revokedAt }) =>
              revokedAt === null && (
                <Flex gap={4}>
                  <Button size="small" onClick={() => ask(t('rotateSure'), () => rotate.mutate(customerId))}>
                    {t('rotate')}
                  </Button>
                  <Button
                    size="small"
                    danger
                    onClick={() => ask(t('revokeCredentialSure'), () => revoke.mutate(customerId))}
                  >
                    {t('revoke')}
                  </Button>
                </Flex>
              ),
          },
        ]}
      />
      <Modal
        open={isMaking}
        title={t('newCredential')}
        okText={t('ok')}
        cancelText={t('cancel')}
        confirmLoading={make.isPending}
        okButtonProps={{ htmlType: 'submit', form: 'new-credential' }}
        onCancel={() => setMaking(false)}
        destroyOnHidden
      >
        <Form
          id="new-credential"
          layout="vertical"
          requiredMark={false}
          initialValues={{ scope: 'full', cid: companies[0]?.cid }}
          onFinish={(wish) => make.mutate(wish)}
        >
          <Form.Item name="cid" label={t('company')} rules={[{ required: true, message: t('required') }]}>
            <Select options={companies.map(({ cid, name }) => ({ value: cid, label: `${name} (${cid})` }))} />
          </Form.Item>
          <Form.Item name="scope" label={t('scope')}>
            <Select
              options={(['full', 'activate'] as const).map((scope) => ({
                value: scope,
                label: t(`scopes.${scope}`),
              }))}
            />
          </Form.Item>
          <Form.Item name="label" label={t('label')}>
            <Input maxLength={100} autoComplete="off" />
          </Form.Item>
        </Form>
      </Modal>
    </>
  );
}
