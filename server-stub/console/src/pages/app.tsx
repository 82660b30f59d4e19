import { Descriptions, Flex } from 'antd';
import { useTranslation } from 'react-i18next';
import { Link, useParams } from 'react-router';
import { useApps } from '../data/apps.ts';
import { Copied } from '../shell/copied.tsx';
import { Failure } from '../shell/failure.tsx';
import { PageTitle } from '../shell/page-title.tsx';
import { useMe } from '../shell/session-context.ts';
import { AppQuota } from './app/app-quota.tsx';
import { AppSettings } from './app/app-settings.tsx';
import { Enrollments } from './app/enrollments.tsx';

/** One App: its ids, its licenses, its settings, its enrollment files. */
export function AppPage() {
  const { t } = useTranslation();
  const { role } = useMe();
  const { appId = '' } = useParams();
  const { data, error, refetch } = useApps();
  if (error !== null) return <Failure error={error} again={() => void refetch()} />;
  const app = data?.apps.find((each) => each.appId === appId);
  if (data === undefined) return null;
  if (app === undefined) return <PageTitle title={t('nothingFound')} />;
  return (
    <Flex vertical gap={16}>
      <Link to="/apps">← {t('apps')}</Link>
      <PageTitle title={app.name || appId}>
        <Flex gap={16}>
          <Link to={`/licenses?appId=${appId}`}>{t('licenses')}</Link>
          <Link to={`/preauthorization?appId=${appId}`}>{t('preauthorization')}</Link>
        </Flex>
      </PageTitle>
      <Descriptions
        bordered
        size="small"
        column={{ xs: 1, lg: 3 }}
        items={[
          { key: 'appId', label: t('appId'), children: <Copied text={appId} /> },
          { key: 'cid', label: t('cid'), children: <Copied text={app.cid} /> },
          { key: 'vid', label: t('vid'), children: <Copied text={app.vid} /> },
        ]}
      />
      <AppQuota app={app} />
      <AppSettings key={JSON.stringify(app)} app={app} />
      {role !== 'viewer' && <Enrollments app={app} />}
    </Flex>
  );
}
