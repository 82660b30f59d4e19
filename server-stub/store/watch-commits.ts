import type { Store } from './database.ts';

/** The same store, which says after each commit that there was one. */
export function watchCommits(store: Store, committed: () => void): Store {
  return {
    ...store,
    write: async (now, work) => {
      const result = await store.write(now, work);
      committed();
      return result;
    },
  };
}
