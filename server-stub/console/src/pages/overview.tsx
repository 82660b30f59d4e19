import { useQuery } from '@tanstack/react-query';
import { Alert, Card, Col, Flex, Progress, Row, Skeleton, Statistic, Typography } from 'antd';
import { lazy, Suspense } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { call, type OverviewView, type Usage } from '../data/api.ts';
import { useNames } from '../data/names.ts';
import { timeOf } from '../data/times.ts';
import { useUsage } from '../data/usage.ts';
import { Failure } from '../shell/failure.tsx';
import { PageTitle, PartTitle } from '../shell/page-title.tsx';
import { useMe } from '../shell/session-context.ts';
import { NoticeText } from './overview/notice-text.tsx';

const ActivationChart = lazy(() =>
  import('./overview/activation-chart.tsx').then(({ ActivationChart: Chart }) => ({ default: Chart })),
);
/** Pools of which the fullest are shown. */
const GAUGES = 6;

/** What one sees at a glance. */
export function OverviewPage() {
  const { t, i18n } = useTranslation();
  const { zone } = useMe();
  const usage = useUsage().data;
  const { data, error, refetch } = useQuery({
    queryKey: ['overview'],
    queryFn: () => call<OverviewView>('GET', '/overview'),
    refetchInterval: 60_000,
  });
  if (error !== null && data === undefined) return <Failure error={error} again={() => void refetch()} />;
  const counts = data?.counts;
  const figures = [
    { title: t('activeLicenses'), value: counts?.active, to: '/licenses?state=active' },
    { title: t('states.expired'), value: counts?.expired, to: '/licenses?state=expired' },
    { title: t('states.suspended'), value: counts?.suspended, to: '/licenses?state=suspended' },
    ...(data?.ending ?? []).map(({ days, count }) => ({
      title: t('endsWithin', { days }),
      value: count,
      to: `/licenses?state=active&endingWithinDays=${days}`,
    })),
  ];
  const silent = data?.silent;
  return (
    <Flex vertical gap={16}>
      <PageTitle title={t('overview')} />
      {error !== null && <Failure error={error} again={() => void refetch()} />}
      {data === undefined ? (
        <Skeleton active />
      ) : (
        <>
          <PartTitle title={t('lookAt')} />
          {data.notices.length === 0 ? (
            <Typography.Text type="secondary">{t('allWell')}</Typography.Text>
          ) : (
            data.notices.map((notice) => (
              <Alert
                key={JSON.stringify(notice)}
                type="warning"
                showIcon
                title={<NoticeText notice={notice} />}
              />
            ))
          )}
          <Row gutter={[12, 12]}>
            {figures.map(({ title, value, to }) => (
              <Col key={title} xs={12} md={8} xl={4}>
                <Link to={to}>
                  <Card size="small" hoverable>
                    <Statistic title={title} value={value ?? 0} />
                  </Card>
                </Link>
              </Col>
            ))}
            {silent !== undefined && (
              <Col xs={12} md={8} xl={4}>
                <Link to={`/licenses?state=active&unseenForDays=${silent?.days ?? 14}`}>
                  <Card size="small" hoverable>
                    <Statistic
                      title={t('silentDevices', { days: silent?.days ?? 14 })}
                      value={silent?.count ?? t('counting')}
                    />
                    {silent !== null && (
                      <Typography.Text type="secondary" style={{ fontSize: 12 }}>
                        {t('asOf', { time: timeOf(silent.at, zone, i18n.language) })}
                      </Typography.Text>
                    )}
                  </Card>
                </Link>
              </Col>
            )}
          </Row>
          <PartTitle title={t('activationsByDay')} />
          <Suspense fallback={<Skeleton.Node active style={{ width: '100%', height: 220 }} />}>
            <ActivationChart days={data.activations} />
          </Suspense>
        </>
      )}
      <PartTitle title={t('quotas')}>
        <Link to="/usage">{t('usage')}</Link>
      </PartTitle>
      <Row gutter={[12, 12]}>
        {fullest(usage).map((pool) => (
          <Col key={`${pool.cid} ${pool.pid} ${pool.appId}`} xs={24} md={12} xl={8}>
            <Gauge pool={pool} />
          </Col>
        ))}
      </Row>
    </Flex>
  );
}

function fullest(usage: Usage | undefined): Usage['pools'] {
  const share = ({ granted, used }: Usage['pools'][number]) => (granted === 0 ? 0 : used / granted);
  return (usage?.pools ?? [])
    .filter(({ granted }) => granted > 0)
    .toSorted((a, b) => share(b) - share(a))
    .slice(0, GAUGES);
}

function Gauge({ pool }: { pool: Usage['pools'][number] }) {
  const { product, app } = useNames();
  const name = `${product(pool.pid)} · ${app(pool.appId)}`;
  const percent = Math.round((100 * pool.used) / pool.granted);
  return (
    <Card size="small">
      <Typography.Text>{name}</Typography.Text>
      <Progress
        aria-label={name}
        percent={percent}
        status={percent >= 100 ? 'exception' : 'normal'}
        format={() => `${pool.used} / ${pool.granted}`}
      />
    </Card>
  );
}
