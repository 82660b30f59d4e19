import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import {
  App,
  Badge,
  Button,
  Descriptions,
  Flex,
  Form,
  Input,
  Modal,
  Select,
  Timeline,
  Typography,
} from 'antd';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, useParams } from 'react-router';
import { call, type LicenseDetail, type LicenseView } from '../data/api.ts';
import { describeProduct } from '../data/describe-product.ts';
import { dayOf, timeOf } from '../data/times.ts';
import { useUsage } from '../data/usage.ts';
import { Failure } from '../shell/failure.tsx';
import { STATUS } from '../shell/license-status.ts';
import { PartTitle } from '../shell/page-title.tsx';
import { useMe } from '../shell/session-context.ts';

type Verb = 'suspend' | 'resume' | 'renew' | 'release' | 'transfer' | 'rebind' | 'label';

/** One license: what it is, what may be done with it, and what happened to it. */
export function LicensePage() {
  const { t, i18n } = useTranslation();
  const { zone, role } = useMe();
  const { modal } = App.useApp();
  const { license = '' } = useParams();
  const queries = useQueryClient();
  const usage = useUsage().data;
  const [form, setForm] = useState<'transfer' | 'renew' | 'label'>();
  const { data, error, refetch } = useQuery({
    queryKey: ['license', license],
    queryFn: () => call<LicenseDetail>('GET', `/licenses/${license}`),
  });
  const act = useMutation({
    mutationFn: ({ verb, ...body }: { verb: Verb; [member: string]: string }) =>
      call<LicenseView>('POST', `/licenses/${license}/${verb}`, body),
    onSuccess: async () => {
      setForm(undefined);
      await Promise.all(
        ['license', 'licenses', 'usage'].map((key) => queries.invalidateQueries({ queryKey: [key] })),
      );
    },
    onError: (failure, { verb }) => {
      if (!['transfer', 'renew', 'label'].includes(verb))
        modal.error({ title: failure.message, okText: t('ok') });
    },
  });
  if (error !== null) return <Failure error={error} again={() => void refetch()} />;
  if (data === undefined) return null;
  const { license: row } = data;
  const time = (at: number | null) => (at === null ? t('never') : timeOf(at, zone, i18n.language));
  const ask = (verb: Verb) =>
    modal.confirm({
      title: t(`sure.${verb}` as 'sure.suspend', { name: row.licenseKey }),
      okText: t(`verbs.${verb}`),
      cancelText: t('cancel'),
      onOk: () => act.mutateAsync({ verb }).catch(() => undefined),
    });
  const renewals = usage?.renewals.filter(({ pid, cid }) => pid === row.pid && cid === row.cid) ?? [];
  return (
    <Flex vertical gap={16}>
      <Link to="/licenses">← {t('licenses')}</Link>
      <Flex wrap gap={12} align="center" justify="space-between">
        <Typography.Title level={1} style={{ fontSize: 24, margin: 0, overflowWrap: 'anywhere' }}>
          {row.licenseKey}
        </Typography.Title>
        {role !== 'viewer' && (
          <Flex wrap gap={8}>
            {row.state === 'suspended' ? (
              <Button onClick={() => act.mutate({ verb: 'resume' })}>{t('verbs.resume')}</Button>
            ) : (
              <Button onClick={() => ask('suspend')}>{t('verbs.suspend')}</Button>
            )}
            <Button onClick={() => setForm('renew')}>{t('verbs.renew')}</Button>
            <Button onClick={() => setForm('transfer')}>{t('verbs.transfer')}</Button>
            <Button onClick={() => setForm('label')}>{t('verbs.label')}</Button>
            <Button onClick={() => ask('rebind')}>{t('verbs.rebind')}</Button>
            <Button danger onClick={() => ask('release')}>
              {t('verbs.release')}
            </Button>
          </Flex>
        )}
      </Flex>
      <Descriptions
        bordered
        size="small"
        column={{ xs: 1, lg: 2 }}
        items={[
          {
            key: 'state',
            label: t('state'),
            children: <Badge status={STATUS[row.state]} text={t(`states.${row.state}`)} />,
          },
          { key: 'license', label: t('license'), children: <code className="id">{row.license}</code> },
          { key: 'app', label: t('app'), children: data.appName },
          {
            key: 'product',
            label: t('product_'),
            children: describeProduct(
              usage?.products.find(({ pid }) => pid === row.pid),
              t,
            ),
          },
          { key: 'activated', label: t('activated'), children: time(row.activationTime) },
          { key: 'ends', label: t('ends'), children: time(row.expireTime) },
          { key: 'seen', label: t('lastSeen'), children: time(row.lastSeenAt) },
          { key: 'agent', label: t('agentVersion'), children: row.agentVersion ?? '–' },
          { key: 'device', label: t('deviceKey'), children: <code className="id">{row.device ?? '–'}</code> },
          { key: 'minutes', label: t('minutesUsed'), children: data.minutesUsed },
          { key: 'moves', label: t('moves'), children: `${data.transfers} / ${data.transfersPerYear}` },
          { key: 'renewals', label: t('renewed'), children: row.renewals },
          { key: 'label', label: t('label'), children: row.label || '–' },
          { key: 'group', label: t('group'), children: row.group || '–' },
        ]}
      />
      <PartTitle title={t('history')} />
      <Timeline
        items={data.timeline.toReversed().map(({ seq, at, actor, action, detail }) => ({
          key: seq,
          content: (
            <>
              <div>
                <strong>
                  {t(`actions.${action.replace('license.', '')}` as 'actions.activate', action)}
                </strong>{' '}
                · {time(at)}
              </div>
              <Typography.Text type="secondary">
                {actor} {detailText(detail, (seconds) => dayOf(seconds, zone))}
              </Typography.Text>
            </>
          ),
        }))}
      />
      <Modal
        open={form !== undefined}
        title={form && t(`verbs.${form}`)}
        okText={t('ok')}
        cancelText={t('cancel')}
        confirmLoading={act.isPending}
        okButtonProps={{ htmlType: 'submit', form: 'act' }}
        onCancel={() => setForm(undefined)}
        destroyOnHidden
      >
        {form !== undefined && (
          <Form
            id="act"
            layout="vertical"
            requiredMark={false}
            initialValues={{ label: row.label, group: row.group }}
            onFinish={(wish) => act.mutate({ verb: form, ...wish })}
          >
            {form === 'transfer' && (
              <Form.Item
                name="toLicenseKey"
                label={t('toLicenseKey')}
                extra={t('transferWhy')}
                rules={[{ required: true, message: t('required') }]}
              >
                <Input autoFocus spellCheck={false} />
              </Form.Item>
            )}
            {form === 'renew' && (
              <Form.Item
                name="renewId"
                label={t('renewId')}
                extra={t('renewWhy')}
                rules={[{ required: true, message: t('required') }]}
              >
                <Select
                  options={renewals.map(({ renewId, granted, used }) => ({
                    value: renewId,
                    label: `${renewId.slice(0, 8)}… · ${t('free')} ${granted - used}`,
                    disabled: granted <= used,
                  }))}
                />
              </Form.Item>
            )}
            {form === 'label' && (
              <>
                <Form.Item name="label" label={t('label')}>
                  <Input maxLength={100} autoFocus />
                </Form.Item>
                <Form.Item name="group" label={t('group')}>
                  <Input maxLength={100} />
                </Form.Item>
              </>
            )}
            {act.error !== null && <Failure error={act.error} />}
          </Form>
        )}
      </Modal>
    </Flex>
  );
}

/** What a row of the trail says beside what the page says already; times as days. */
function detailText(detail: Readonly<Record<string, unknown>>, day: (seconds: number) => string): string {
  return Object.entries(detail)
    .filter(([name]) => !['appId', 'pid', 'licenseKey'].includes(name))
    .map(([name, value]) => {
      const isTime = /time$/i.test(name) && typeof value === 'number';
      return `${name}: ${isTime ? day(value) : typeof value === 'object' ? JSON.stringify(value) : value}`;
    })
    .join(', ');
}
