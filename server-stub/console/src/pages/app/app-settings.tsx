import { App, Button, Flex, Form, InputNumber, Select, Switch } from 'antd';
import { useTranslation } from 'react-i18next';
import { type AppList, call } from '../../data/api.ts';
import { useNames } from '../../data/names.ts';
import { useAct } from '../../data/use-act.ts';
import { PartTitle } from '../../shell/page-title.tsx';
import { useMe } from '../../shell/session-context.ts';

type Listed = AppList['apps'][number];
type Settings = Pick<Listed, 'autoRenewDays' | 'autoRenewSeenDays' | 'deviceRenewal' | 'defaultPid'>;

/** What an operator sets for an App. */
export function AppSettings({ app }: { app: Listed }) {
  const { t } = useTranslation();
  const { role } = useMe();
  const { message } = App.useApp();
  const { productChoices } = useNames();
  const { appId, cid, autoRenewDays, autoRenewSeenDays, deviceRenewal, defaultPid } = app;
  const save = useAct(
    (wish: Settings) => call<void>('PATCH', `/apps/${appId}`, wish),
    ['apps'],
    () => void message.success(t('saved')),
  );
  return (
    <>
      <PartTitle title={t('settings')} />
      <Form<Settings>
        layout="vertical"
        disabled={role === 'viewer'}
        initialValues={{ autoRenewDays, autoRenewSeenDays, deviceRenewal, defaultPid }}
        style={{ maxWidth: 560 }}
        onFinish={({ autoRenewDays = null, autoRenewSeenDays = null, defaultPid = null, ...rest }) =>
          save.mutate({ autoRenewDays, autoRenewSeenDays, defaultPid, ...rest })
        }
      >
        <Form.Item name="autoRenewDays" label={t('autoRenewDays')} extra={t('autoRenewWhy')}>
          <InputNumber min={1} max={60} precision={0} />
        </Form.Item>
        <Form.Item name="autoRenewSeenDays" label={t('autoRenewSeenDays')}>
          <InputNumber min={1} max={3650} precision={0} />
        </Form.Item>
        <Form.Item name="deviceRenewal" label={t('deviceRenewal')} valuePropName="checked">
          <Switch />
        </Form.Item>
        <Form.Item name="defaultPid" label={t('defaultPid')} extra={t('defaultPidWhy')}>
          <Select allowClear placeholder={t('off')} options={productChoices(cid)} />
        </Form.Item>
        {role !== 'viewer' && (
          <Flex>
            <Button type="primary" htmlType="submit" loading={save.isPending}>
              {t('save')}
            </Button>
          </Flex>
        )}
      </Form>
    </>
  );
}
