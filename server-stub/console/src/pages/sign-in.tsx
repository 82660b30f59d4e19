import { useMutation } from '@tanstack/react-query';
import { Button, Divider, Form, Input } from 'antd';
import { useTranslation } from 'react-i18next';
import { ApiError, call, type Session } from '../data/api.ts';
import { useEnter } from '../data/session.ts';
import { useWays } from '../data/ways.ts';
import { Failure } from '../shell/failure.tsx';
import { FrontPage } from '../shell/front-page.tsx';

interface Entry {
  readonly name: string;
  readonly password: string;
  readonly code?: string;
}

/** Name and password, the code once the server asks for it; or the way through the directory, where there is one. */
export function SignIn() {
  const { t } = useTranslation();
  const enter = useEnter();
  const { mutate, error, isPending } = useMutation({
    mutationFn: (entry: Entry) => call<Session>('POST', '/session', entry),
    onSuccess: enter,
  });
  const { directory, failure } = useWays();
  const told = error ?? failure;
  const [form] = Form.useForm<Entry>();
  const wantsCode =
    form.getFieldValue('code') !== undefined ||
    (error instanceof ApiError && error.code === 'second_factor_required');
  return (
    <FrontPage title={t('signIn')}>
      <Form form={form} layout="vertical" requiredMark={false} onFinish={(entry) => mutate(entry)}>
        <Form.Item name="name" label={t('userName')} rules={[{ required: true, message: t('required') }]}>
          <Input autoComplete="username" autoFocus spellCheck={false} />
        </Form.Item>
        <Form.Item name="password" label={t('password')} rules={[{ required: true, message: t('required') }]}>
          <Input.Password autoComplete="current-password" />
        </Form.Item>
        {wantsCode && (
          <Form.Item name="code" label={t('code')} rules={[{ required: true, message: t('required') }]}>
            <Input autoComplete="one-time-code" inputMode="numeric" maxLength={7} autoFocus />
          </Form.Item>
        )}
        {told !== null && (
          <Form.Item>
            <Failure error={told} />
          </Form.Item>
        )}
        <Button type="primary" htmlType="submit" block loading={isPending}>
          {t('signIn')}
        </Button>
      </Form>
      {directory !== null && (
        <>
          <Divider plain>{t('or')}</Divider>
          <Button href={directory.url} block>
            {t('signInThrough', { name: directory.name || t('directory') })}
          </Button>
        </>
      )}
    </FrontPage>
  );
}
