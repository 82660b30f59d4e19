import { useTranslation } from 'react-i18next';
import type { OverviewView } from '../../data/api.ts';
import { useNames } from '../../data/names.ts';
import { dayOf } from '../../data/times.ts';
import { useMe } from '../../shell/session-context.ts';

/** What a notice says, with names in the place of ids. */
export function NoticeText({ notice }: { notice: OverviewView['notices'][number] }) {
  const { t } = useTranslation();
  const { zone } = useMe();
  const { company, app, product } = useNames();
  switch (notice.kind) {
    case 'certificate':
      return notice.endsAt === null
        ? t('notices.noCertificate', { company: company(notice.cid) })
        : t('notices.certificate', { company: company(notice.cid), day: dayOf(notice.endsAt, zone) });
    case 'quota': {
      const { used, granted, pid, appId } = notice;
      return t('notices.quota', { used, granted, product: product(pid), app: app(appId) });
    }
    case 'renewals':
      return t('notices.renewals', { count: notice.waiting, app: app(notice.appId) });
    case 'alerts':
      return t('notices.alerts', { count: notice.failing, channel: notice.channel });
  }
}
