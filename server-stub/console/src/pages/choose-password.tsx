import { useMutation } from '@tanstack/react-query';
import { Button, Form, Input, Typography } from 'antd';
import { useTranslation } from 'react-i18next';
import { call, type Session } from '../data/api.ts';
import { useEnter } from '../data/session.ts';
import { Failure } from '../shell/failure.tsx';
import { FrontPage } from '../shell/front-page.tsx';

interface Choice {
  readonly present: string;
  readonly next: string;
}

/** The first sign-in: a password of one's own. */
export function ChoosePassword() {
  const { t } = useTranslation();
  const enter = useEnter();
  const { mutate, error, isPending } = useMutation({
    mutationFn: ({ present, next }: Choice) => call<Session>('PUT', '/session/password', { present, next }),
    onSuccess: enter,
  });
  const required = { required: true, message: t('required') };
  return (
    <FrontPage title={t('choosePassword')}>
      <Typography.Paragraph>{t('choosePasswordWhy')}</Typography.Paragraph>
      <Form layout="vertical" requiredMark={false} onFinish={(choice) => mutate(choice)}>
        <Form.Item name="present" label={t('presentPassword')} rules={[required]}>
          <Input.Password autoComplete="current-password" autoFocus />
        </Form.Item>
        <Form.Item name="next" label={t('newPassword')} rules={[required]}>
          <Input.Password autoComplete="new-password" />
        </Form.Item>
        <Form.Item
          name="again"
          label={t('repeatPassword')}
          dependencies={['next']}
          rules={[
            required,
            ({ getFieldValue }) => ({
              validator: async (_, value) => {
                if (value && value !== getFieldValue('next')) throw new Error(t('passwordsDiffer'));
              },
            }),
          ]}
        >
          <Input.Password autoComplete="new-password" />
        </Form.Item>
        {error !== null && (
          <Form.Item>
            <Failure error={error} />
          </Form.Item>
        )}
        <Button type="primary" htmlType="submit" block loading={isPending}>
          {t('savePassword')}
        </Button>
      </Form>
    </FrontPage>
  );
}
