import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { App, Badge, Button, Flex, Form, Input, Modal, Select, Typography } from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { call, type Session, type User, type UserList, type UserWithPassword } from '../data/api.ts';
import { timeOf } from '../data/times.ts';
import { useUsage } from '../data/usage.ts';
import { DataTable } from '../shell/data-table.tsx';
import { Failure } from '../shell/failure.tsx';
import { useMe } from '../shell/session-context.ts';

const ROLES: readonly Session['role'][] = ['viewer', 'operator', 'admin'];

/** Who may sign in. */
export function UsersPage() {
  const { t, i18n } = useTranslation();
  const { zone, name: me } = useMe();
  const { modal } = App.useApp();
  const queries = useQueryClient();
  const companies = useUsage().data?.companies ?? [];
  const { data, error, isPending } = useQuery({
    queryKey: ['users'],
    queryFn: () => call<UserList>('GET', '/users'),
  });
  const [isAdding, setAdding] = useState(false);
  const changed = () => queries.invalidateQueries({ queryKey: ['users'] });
  const tell = async (user: UserWithPassword) => {
    await changed();
    modal.success({
      title: t('passwordOnce', { name: user.name }),
      content: <Typography.Text copyable>{user.password}</Typography.Text>,
      okText: t('ok'),
    });
  };
  const add = useMutation({
    mutationFn: ({ cid = null, ...wish }: Pick<User, 'name' | 'role'> & { cid?: string | null }) =>
      call<UserWithPassword>('POST', '/users', { ...wish, cid }),
    onSuccess: async (user) => {
      setAdding(false);
      await tell(user);
    },
  });
  const change = useMutation({
    mutationFn: ({ name, ...wish }: { name: string; disabled: boolean }) =>
      call<User>('PATCH', `/users/${encodeURIComponent(name)}`, wish),
    onSuccess: changed,
    onError: (failure) => void modal.error({ title: failure.message, okText: t('ok') }),
  });
  const reset = useMutation({
    mutationFn: (name: string) =>
      call<UserWithPassword>('POST', `/users/${encodeURIComponent(name)}/password`, {
        withoutSecondFactor: false,
      }),
    onSuccess: tell,
    onError: (failure) => void modal.error({ title: failure.message, okText: t('ok') }),
  });
  const ask = (title: string, act: () => void) =>
    modal.confirm({ title, okText: t('ok'), cancelText: t('cancel'), onOk: act });
  return (
    <Flex vertical gap={16}>
      <Flex justify="space-between" align="center" gap={8}>
        <Typography.Title level={1} style={{ fontSize: 24, margin: 0 }}>
          {t('users')}
        </Typography.Title>
        <Button type="primary" onClick={() => setAdding(true)}>
          {t('addUser')}
        </Button>
      </Flex>
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
          {add.error !== null && <Failure error={add.error} />}
        </Form>
      </Modal>
    </Flex>
  );
}
