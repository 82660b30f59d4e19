import { useTranslation } from 'react-i18next';
import type { OverviewView, Usage } from '../../data/api.ts';
import { describeProduct } from '../../data/describe-product.ts';
import { dayOf } from '../../data/times.ts';
import { useMe } from '../../shell/session-context.ts';

/** What a notice says, with names in the place of ids. */
export function NoticeText({
  notice,
  usage,
}: {
  notice: OverviewView['notices'][number];
  usage: Usage | undefined;
}) {
  const { t } = useTranslation();
  const { zone } = useMe();
  const company = (cid: string) => usage?.companies.find((each) => each.cid === cid)?.name ?? cid;
  const app = (appId: string) =>
    appId === '' ? t('shared') : (usage?.apps.find((each) => each.appId === appId)?.name ?? appId);
  switch (notice.kind) {
    case 'certificate':
      return notice.endsAt === null
        ? t('notices.noCertificate', { company: company(notice.cid) })
        : t('notices.certificate', { company: company(notice.cid), day: dayOf(notice.endsAt, zone) });
    case 'quota': {
      const product = usage?.products.find(({ pid }) => pid === notice.pid);
      const { used, granted } = notice;
      return t('notices.quota', {
        ...{ used, granted, product: describeProduct(product, t), app: app(notice.appId) },
      });
    }
    case 'renewals':
      return t('notices.renewals', { count: notice.waiting, app: app(notice.appId) });
    case 'alerts':
      return t('notices.alerts', { count: notice.failing, channel: notice.channel });
  }
}
