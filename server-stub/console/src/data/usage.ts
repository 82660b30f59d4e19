import { useQuery } from '@tanstack/react-query';
import { call, type Usage } from './api.ts';

/** What was bought and used, of every company that the user sees. */
export function useUsage() {
  return useQuery({ queryKey: ['usage'], queryFn: () => call<Usage>('GET', '/usage') });
}
