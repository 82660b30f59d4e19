import {
  AppstoreOutlined,
  AuditOutlined,
  DashboardOutlined,
  FileProtectOutlined,
  IdcardOutlined,
  InboxOutlined,
  PieChartOutlined,
  SettingOutlined,
  ShoppingOutlined,
  TeamOutlined,
  UnorderedListOutlined,
} from '@ant-design/icons';
import { type ComponentType, lazy, type ReactNode } from 'react';
import type { Session } from '../data/api.ts';

interface PageEntry {
  readonly path: string;
  /** Key of its name. */
  readonly text: string;
  readonly icon: ReactNode;
  readonly Page: ComponentType;
  readonly least?: Session['role'];
}

/** A page that is loaded when it is opened. */
function page<Name extends string>(load: () => Promise<Record<Name, ComponentType>>, name: Name) {
  return lazy(async () => ({ default: (await load())[name] }));
}

const PAGES: readonly PageEntry[] = [
  {
    ...{ path: '/overview', text: 'overview', icon: <DashboardOutlined /> },
    Page: page(() => import('../pages/overview.tsx'), 'OverviewPage'),
  },
  {
    ...{ path: '/usage', text: 'usage', icon: <PieChartOutlined /> },
    Page: page(() => import('../pages/usage.tsx'), 'UsagePage'),
  },
  {
    ...{ path: '/licenses', text: 'licenses', icon: <IdcardOutlined /> },
    Page: page(() => import('../pages/licenses.tsx'), 'LicensesPage'),
  },
  {
    ...{ path: '/bulk-changes', text: 'bulkChanges', icon: <UnorderedListOutlined /> },
    Page: page(() => import('../pages/bulk-changes.tsx'), 'BulkChangesPage'),
  },
  {
    ...{ path: '/purchases', text: 'purchases', icon: <ShoppingOutlined /> },
    Page: page(() => import('../pages/purchases.tsx'), 'PurchasesPage'),
  },
  {
    ...{ path: '/apps', text: 'apps', icon: <AppstoreOutlined /> },
    Page: page(() => import('../pages/apps.tsx'), 'AppsPage'),
  },
  {
    ...{ path: '/preauthorization', text: 'preauthorization', icon: <FileProtectOutlined /> },
    Page: page(() => import('../pages/preauthorization.tsx'), 'PreauthorizationPage'),
  },
  {
    ...{ path: '/desk', text: 'desk', icon: <InboxOutlined />, least: 'operator' },
    Page: page(() => import('../pages/desk.tsx'), 'DeskPage'),
  },
  {
    ...{ path: '/audit', text: 'audit', icon: <AuditOutlined /> },
    Page: page(() => import('../pages/audit.tsx'), 'AuditPage'),
  },
  {
    ...{ path: '/users', text: 'users', icon: <TeamOutlined />, least: 'admin' },
    Page: page(() => import('../pages/users.tsx'), 'UsersPage'),
  },
  {
    ...{ path: '/settings', text: 'settings', icon: <SettingOutlined />, least: 'admin' },
    Page: page(() => import('../pages/settings.tsx'), 'SettingsPage'),
  },
];

/** Pages that the menu does not name: one opens them from another. */
export const INNER_PAGES: readonly Pick<PageEntry, 'path' | 'Page'>[] = [
  { path: '/licenses/:license', Page: page(() => import('../pages/license.tsx'), 'LicensePage') },
  { path: '/apps/:appId', Page: page(() => import('../pages/app.tsx'), 'AppPage') },
  { path: '/bulk-changes/:bulkId', Page: page(() => import('../pages/bulk-change.tsx'), 'BulkChangePage') },
];

const RANKS: readonly Session['role'][] = ['viewer', 'operator', 'admin'];

/** The pages that a role may open. */
export function pagesFor(role: Session['role']): readonly PageEntry[] {
  return PAGES.filter(({ least = 'viewer' }) => RANKS.indexOf(role) >= RANKS.indexOf(least));
}
