import { MenuOutlined } from '@ant-design/icons';
import { useMutation } from '@tanstack/react-query';
import { Button, Drawer, Flex, Grid, Layout, Menu, Typography } from 'antd';
import { Suspense, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Navigate, Route, Routes, useLocation, useNavigate } from 'react-router';
import { call, type Session } from '../data/api.ts';
import { useEnter } from '../data/session.ts';
import { Choices } from './choices.tsx';
import { INNER_PAGES, pagesFor } from './pages.tsx';
import { SessionContext } from './session-context.ts';

/** The frame of every page: where one is, where one can go, who one is. */
export function Shell({ session }: { session: Session }) {
  const { t } = useTranslation();
  const enter = useEnter();
  const { mutate: signOut } = useMutation({
    mutationFn: () => call<void>('DELETE', '/session'),
    onSettled: () => enter(null),
  });
  const pages = pagesFor(session.role);
  const isWide = Grid.useBreakpoint().lg ?? true;
  const navigate = useNavigate();
  const { pathname } = useLocation();
  const [isOpen, setOpen] = useState(false);
  const menu = (
    <nav aria-label={t('menu')}>
      <Menu
        mode="inline"
        selectedKeys={pages.map(({ path }) => path).filter((path) => pathname.startsWith(path))}
        onClick={({ key }) => {
          setOpen(false);
          navigate(key);
        }}
        items={pages.map(({ path, text, icon }) => ({ key: path, icon, label: t(text) }))}
      />
    </nav>
  );
  const [first] = pages;
  return (
    <SessionContext value={session}>
      <Layout style={{ minHeight: '100vh' }}>
        <a className="skip" href="#content">
          {t('skip')}
        </a>
        <Layout.Header style={{ padding: '0 16px', background: 'transparent', height: 56, lineHeight: 1 }}>
          <Flex align="center" justify="space-between" gap={8} style={{ height: 56 }}>
            <Flex align="center" gap={8}>
              {!isWide && (
                <Button
                  type="text"
                  icon={<MenuOutlined />}
                  aria-label={t('menu')}
                  onClick={() => setOpen(true)}
                />
              )}
              <Typography.Text strong>{t('product')}</Typography.Text>
            </Flex>
            <Flex align="center" gap={4} wrap={false}>
              {isWide && <Choices />}
              <Typography.Text ellipsis style={{ maxWidth: 120 }}>
                {session.name}
              </Typography.Text>
              <Button type="text" onClick={() => signOut()}>
                {t('signOut')}
              </Button>
            </Flex>
          </Flex>
        </Layout.Header>
        <Layout hasSider={isWide}>
          {isWide ? (
            <Layout.Sider width={208} theme="light">
              {menu}
            </Layout.Sider>
          ) : (
            <Drawer
              open={isOpen}
              placement="left"
              size={260}
              title={t('product')}
              onClose={() => setOpen(false)}
            >
              {menu}
              <Choices />
            </Drawer>
          )}
          <Layout.Content id="content" style={{ padding: isWide ? 24 : 12, minWidth: 0 }}>
            <Suspense>
              <Routes>
                {[...pages, ...INNER_PAGES].map(({ path, Page }) => (
                  <Route key={path} path={path} element={<Page />} />
                ))}
                <Route path="*" element={<Navigate to={first?.path ?? '/'} replace />} />
              </Routes>
            </Suspense>
            <Typography.Paragraph type="secondary" style={{ marginTop: 16 }}>
              {t('timesIn', { zone: session.zone })}
            </Typography.Paragraph>
          </Layout.Content>
        </Layout>
      </Layout>
    </SessionContext>
  );
}
