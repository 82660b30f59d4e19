import { useTranslation } from 'react-i18next';
import { describeProduct } from './describe-product.ts';
import { useUsage } from './usage.ts';

/** What ids are called; the id itself where it is not known. */
export function useNames() {
  const { t } = useTranslation();
  const usage = useUsage().data;
  const product = (pid: string) =>
    describeProduct(
      usage?.products.find((each) => each.pid === pid),
      t,
    );
  return {
    company: (cid: string) => usage?.companies.find((each) => each.cid === cid)?.name ?? cid,
    app: (appId: string) =>
      appId === '' ? t('shared') : (usage?.apps.find((each) => each.appId === appId)?.name ?? appId),
    /** What a PID licenses. */
    product,
    /** The PIDs of a company, to choose from. */
    productChoices: (cid: string) => {
      const pids = new Set(usage?.pools.filter((pool) => pool.cid === cid).map(({ pid }) => pid));
      return [...pids].map((pid) => ({ value: pid, label: `${product(pid)} · ${pid.slice(0, 8)}…` }));
    },
  };
}
