import { useQuery } from '@tanstack/react-query';
import { App, Badge, Button, Flex, Form, Input, Modal, Select, Typography } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { call, type Session, type User, type UserList, type UserWithPassword } from '../data/api.ts';
import { timeOf } from '../data/times.ts';
import { useUsage } from '../data/usage.ts';
import { useAct } from '../data/use-act.ts';
import { DataTable } from '../shell/data-table.tsx';
import { Failure } from '../shell/failure.tsx';
import { PageTitle } from '../shell/page-title.tsx';
import { useMe } from '../shell/session-context.ts';
import { useAsk } from '../shell/use-ask.ts';

const ROLES: readonly Session['role'][] = ['viewer', 'operator', 'admin'];

/** Who may sign in. */
export function UsersPage() {
  const { t, i18n } = useTranslation();
  const { zone, name: me } = useMe();
  const { modal } = App.useApp();
  const companies = useUsage().data?.companies ?? [];
  const { data, error, isPending } = useQuery({
    queryKey: ['users'],
    queryFn: () => call<UserList>('GET', '/users'),
  });
  const [isAdding, setAdding] = useState(false);
  const tell = (user: UserWithPassword) => {
    setAdding(false);
    modal.success({
      title: t('passwordOnce', { name: user.name }),
      content: <Typography.Text copyable>{user.password}</Typography.Text>,
      okText: t('ok'),
    });
  };
  const add = useAct(
    ({ cid = null, ...wish }: Pick<User, 'name' | 'role'> & { cid?: string | null }) =>
      call<UserWithPassword>('POST', '/users', { ...wish, cid }),
    ['users'],
    tell,
  );
  const change = useAct(
    ({ name, ...wish }: { name: string; disabled: boolean }) =>
      call<User>('PATCH', `/users/${encodeURIComponent(name)}`, wish),
    ['users'],
  );
  const reset = useAct(
    (name: string) =>
      call<UserWithPassword>('POST', `/users/${encodeURIComponent(name)}/password`, {
        withoutSecondFactor: false,
      }),
    ['users'],
    tell,
  );
  const ask = useAsk();
  return (
    <Flex vertical gap={16}>
      <PageTitle title={t('users')}>
        <Button type="primary" onClick={() => setAdding(true)}>
          {t('addUser')}
        </Button>
      </PageTitle>
      {error !== null && <Failure error={error} />}
      <DataTable<User>
        name={t('users')}
        loading={isPending}
        dataSource={data?.users ?? []}
        rowKey="userId"
        pagination={{ pageSize: 50, hideOnSinglePage: true }}
        columns={[
          { title: t('userName'), dataIndex: 'name' },
          { title: t('role'), dataIndex: 'role', render: (role: User['role']) => t(`roles.${role}`) },
          {
            title: t('company'),
            dataIndex: 'cid',
            render: (cid: string | null) =>
              cid === null ? t('allCompanies') : (companies.find((each) => each.cid === cid)?.name ?? cid),
          },
          {
            title: t('secondFactor'),
            dataIndex: 'secondFactor',
            render: (has: boolean) => t(has ? 'yes' : 'no'),
          },
          {
            title: t('state'),
            key: 'state',
            render: (_, { disabledAt, mustChangePassword }) =>
              disabledAt !== null ? (
                <Badge status="default" text={t('disabled')} />
              ) : (
                <Badge
                  status={mustChangePassword ? 'warning' : 'success'}
                  text={t(mustChangePassword ? 'fresh' : 'inForce')}
                />
              ),
          },
          {
            title: t('lastSeen'),
            dataIndex: 'signedInAt',
            render: (at: number | null) => (at === null ? t('never') : timeOf(at, zone, i18n.language)),
          },
          {
            title: '',
            key: 'acts',
            render: (_, { name, disabledAt }) => (
              <Flex gap={4}>
                <Button size="small" onClick={() => ask(t('resetSure', { name }), () => reset.mutate(name))}>
                  {t('reset')}
                </Button>
                {disabledAt !== null ? (
                  <Button size="small" onClick={() => change.mutate({ name, disabled: false })}>
                    {t('enable')}
                  </Button>
                ) : (
                  <Button
                    size="small"
                    danger
                    disabled={name === me}
                    onClick={() =>
                      ask(t('disableSure', { name }), () => change.mutate({ name, disabled: true }))
                    }
                  >
                    {t('disable')}
                  </Button>
                )}
              </Flex>
            ),
          },
        ]}
      />
      <Modal
        open={isAdding}
        title={t('addUser')}
        okText={t('ok')}
        cancelText={t('cancel')}
        confirmLoading={add.isPending}
        okButtonProps={{ htmlType: 'submit', form: 'add-user' }}
        onCancel={() => setAdding(false)}
        destroyOnHidden
      >
        <Form
          id="add-user"
          layout="vertical"
          requiredMark={false}
          initialValues={{ role: 'viewer' }}
          onFinish={(wish) => add.mutate(wish)}
        >
          <Form.Item name="name" label={t('userName')} rules={[{ required: true, message: t('required') }]}>
            <Input autoComplete="off" spellCheck={false} autoFocus />
          </Form.Item>
          <Form.Item name="role" label={t('role')}>
            <Select options={ROLES.map((role) => ({ value: role, label: t(`roles.${role}`) }))} />
          </Form.Item>
          <Form.Item name="cid" label={t('company')}>
            <Select
              allowClear
              placeholder={t('allCompanies')}
              options={companies.map(({ cid, name }) => ({ value: cid, label: `${name} (${cid})` }))}
            />
          </Form.Item>
        </Form>
      </Modal>
    </Flex>
  );
}
