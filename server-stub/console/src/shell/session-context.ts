import { createContext, use } from 'react';
import type { Session } from '../data/api.ts';

export const SessionContext = createContext<Session | null>(null);

/** Who is signed in, on a page within the frame. */
export function useMe(): Session {
  const session = use(SessionContext);
  if (session === null) throw new Error('not within the frame');
  return session;
}
