import { useQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useSearchParams } from 'react-router';
import { ApiError, call, queryOf, type Ways } from './api.ts';

/** How one may sign in beside a password, and why the last time through the directory failed. */
export function useWays(): { directory: Ways['directory']; failure: ApiError | null } {
  const { i18n } = useTranslation();
  const [parameters, setParameters] = useSearchParams();
  const [code] = useState(() => parameters.get('failure'));
  // It is told once: not again after a reload, nor to who signs in here next.
  useEffect(() => {
    if (parameters.has('failure')) setParameters({}, { replace: true });
  }, [parameters, setParameters]);
  const { data } = useQuery({
    queryKey: ['ways', code, i18n.language],
    queryFn: () => call<Ways>('GET', `/session/ways${queryOf({ failure: code ?? undefined })}`),
  });
  if (data === undefined) return { directory: null, failure: null };
  const { directory, failure } = data;
  return { directory, failure: failure === null ? null : new ApiError(code ?? '', failure) };
}
