import { useQuery, useQueryClient } from '@tanstack/react-query';
import { ApiError, call, type Session } from './api.ts';

const KEY = ['session'];

/** Who is signed in: null where nobody is; undefined until that is known. */
export function useSession() {
  const { data, error, refetch } = useQuery({
    queryKey: KEY,
    staleTime: 60_000,
    queryFn: async (): Promise<Session | null> => {
      try {
        return await call<Session>('GET', '/session');
      } catch (thrown) {
        if (thrown instanceof ApiError && thrown.code === 'session_ended') return null;
        throw thrown;
      }
    },
  });
  return { session: data, error, refetch };
}

/** Takes in who signed in or out; what another person had seen is forgotten. */
export function useEnter(): (session: Session | null) => void {
  const queries = useQueryClient();
  return (session) => {
    queries.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== KEY[0] });
    queries.setQueryData(KEY, session);
  };
}
