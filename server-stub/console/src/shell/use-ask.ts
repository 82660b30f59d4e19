import { App } from 'antd';
import { useTranslation } from 'react-i18next';

/** Asks before something is done that cannot simply be done back. */
export function useAsk(): (question: string, act: () => void, verb?: string) => void {
  const { t } = useTranslation();
  const { modal } = App.useApp();
  return (title, act, verb = t('ok')) =>
    void modal.confirm({ title, okText: verb, cancelText: t('cancel'), onOk: act });
}
