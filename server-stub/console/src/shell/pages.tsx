import { IdcardOutlined, PieChartOutlined, TeamOutlined } from '@ant-design/icons';
import { type ComponentType, lazy, type ReactNode } from 'react';
import type { Session } from '../data/api.ts';

interface PageEntry {
  readonly path: string;
  /** Key of its name. */
  readonly text: 'usage' | 'licenses' | 'users';
  readonly icon: ReactNode;
  readonly Page: ComponentType;
  readonly least?: Session['role'];
}

const PAGES: readonly PageEntry[] = [
  {
    ...{ path: '/usage', text: 'usage', icon: <PieChartOutlined /> },
    Page: lazy(() => import('../pages/usage.tsx').then(({ UsagePage }) => ({ default: UsagePage }))),
  },
  {
    ...{ path: '/licenses', text: 'licenses', icon: <IdcardOutlined /> },
    Page: lazy(() => import('../pages/licenses.tsx').then(({ LicensesPage }) => ({ default: LicensesPage }))),
  },
  {
    ...{ path: '/users', text: 'users', icon: <TeamOutlined />, least: 'admin' },
    Page: lazy(() => import('../pages/users.tsx').then(({ UsersPage }) => ({ default: UsersPage }))),
  },
];

/** Pages that the menu does not name: one opens them from another. */
export const INNER_PAGES: readonly Pick<PageEntry, 'path' | 'Page'>[] = [
  {
    path: '/licenses/:license',
    Page: lazy(() => import('../pages/license.tsx').then(({ LicensePage }) => ({ default: LicensePage }))),
  },
];

/** The pages that a role may open. */
export function pagesFor(role: Session['role']): readonly PageEntry[] {
  return PAGES.filter(({ least }) => least === undefined || least === role);
}
