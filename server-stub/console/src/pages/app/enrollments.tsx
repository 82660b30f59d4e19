import { useQuery } from '@tanstack/react-query';
import { App, Button, Flex, Form, InputNumber, Modal, Select, Typography } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { type AppList, call, type EnrollmentList } from '../../data/api.ts';
import { useNames } from '../../data/names.ts';
import { saveFile } from '../../data/save-file.ts';
import { dayOf } from '../../data/times.ts';
import { useAct } from '../../data/use-act.ts';
import { DataTable } from '../../shell/data-table.tsx';
import { PartTitle } from '../../shell/page-title.tsx';
import { useMe } from '../../shell/session-context.ts';
import { useAsk } from '../../shell/use-ask.ts';

type Listed = EnrollmentList['enrollments'][number];

/** Files that devices of an App enroll with. */
export function Enrollments({ app: { appId, cid } }: { app: AppList['apps'][number] }) {
  const { t } = useTranslation();
  const { zone } = useMe();
  const { modal } = App.useApp();
  const ask = useAsk();
  const [isMaking, setMaking] = useState(false);
  const { data, isPending } = useQuery({
    queryKey: ['enrollments', appId],
    queryFn: () => call<EnrollmentList>('GET', `/apps/${appId}/enrollments`),
  });
  const make = useAct(
    (wish: object) => call<object>('POST', `/apps/${appId}/enrollments`, wish),
    ['enrollments'],
    (file) => {
      setMaking(false);
      const save = () =>
        saveFile('enrollment.json', `${JSON.stringify(file, null, 2)}\n`, 'application/json');
      modal.success({
        title: t('enrollments'),
        content: t('enrollmentMade'),
        okText: t('download'),
        onOk: save,
      });
    },
  );
  const revoke = useAct(
    (id: string) => call<void>('DELETE', `/apps/${appId}/enrollments/${id}`),
    ['enrollments'],
  );
  const { product, productChoices } = useNames();
  const choices = productChoices(cid);
  return (
    <>
      <PartTitle title={t('enrollments')}>
        <Button onClick={() => setMaking(true)}>{t('newEnrollment')}</Button>
      </PartTitle>
      <Typography.Text type="secondary">{t('enrollmentsWhy')}</Typography.Text>
      <DataTable<Listed>
        name={t('enrollments')}
        loading={isPending}
        dataSource={data?.enrollments.toReversed() ?? []}
        rowKey="id"
        pagination={{ pageSize: 20, hideOnSinglePage: true }}
        locale={{ emptyText: t('none') }}
        columns={[
          { title: 'ID', dataIndex: 'id', render: (id: string) => <code className="id">{id}</code> },
          {
            title: t('state'),
            dataIndex: 'state',
            render: (state: Listed['state']) => t(`enrollmentStates.${state}`),
          },
          {
            title: t('used'),
            key: 'used',
            render: (_, { used, maxActivations }) => `${used} / ${maxActivations}`,
          },
          { title: t('until'), dataIndex: 'expiresAt', render: (at: number) => dayOf(at, zone) },
          {
            title: t('product_'),
            dataIndex: 'pid',
            render: product,
          },
          {
            title: '',
            key: 'acts',
            render: (_, { id, state, used }) =>
              state !== 'revoked' && (
                <Button
                  size="small"
                  danger
                  onClick={() => ask(t('revokeSure', { count: used }), () => revoke.mutate(id), t('revoke'))}
                >
                  {t('revoke')}
                </Button>
              ),
          },
        ]}
      />
      <Modal
        open={isMaking}
        title={t('newEnrollment')}
        okText={t('ok')}
        cancelText={t('cancel')}
        confirmLoading={make.isPending}
        okButtonProps={{ htmlType: 'submit', form: 'new-enrollment' }}
        onCancel={() => setMaking(false)}
        destroyOnHidden
      >
        <Form
          id="new-enrollment"
          layout="vertical"
          requiredMark={false}
          initialValues={{ pid: choices[0]?.value, maxActivations: 100, days: 365 }}
          onFinish={(wish) => make.mutate(wish)}
        >
          <Form.Item name="pid" label={t('product_')} rules={[{ required: true, message: t('required') }]}>
            <Select options={choices} />
          </Form.Item>
          <Flex gap={12}>
            <Form.Item name="maxActivations" label={t('maxActivations')}>
              <InputNumber min={1} max={1_000_000_000} precision={0} />
            </Form.Item>
            <Form.Item name="days" label={t('validDays')}>
              <InputNumber min={1} max={36_500} precision={0} />
            </Form.Item>
          </Flex>
        </Form>
      </Modal>
    </>
  );
}
