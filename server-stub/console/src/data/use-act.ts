import { type QueryKey, useMutation, useQueryClient } from '@tanstack/react-query';
import { App } from 'antd';
import { useTranslation } from 'react-i18next';

/**
 * Something that a person does: what it changes is read anew, and why it failed is told.
 *
 * @param changes first parts of the keys of what is read anew
 */
export function useAct<Wish, Result>(
  act: (wish: Wish) => Promise<Result>,
  changes: readonly string[],
  onDone?: (result: Result, wish: Wish) => void,
) {
  const { t } = useTranslation();
  const { modal } = App.useApp();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: act,
    onSuccess: async (result, wish) => {
      await Promise.all(
        changes.map((key) => queries.invalidateQueries({ queryKey: [key] satisfies QueryKey })),
      );
      onDone?.(result, wish);
    },
    onError: (failure) => void modal.error({ title: failure.message || t('offline'), okText: t('ok') }),
  });
}
