import { useQuery } from '@tanstack/react-query';
import { type AppList, call } from './api.ts';

/** The Apps that the user sees. */
export function useApps() {
  return useQuery({ queryKey: ['apps'], queryFn: () => call<AppList>('GET', '/apps') });
}
