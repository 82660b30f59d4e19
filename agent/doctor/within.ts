/** How long one step of the way to a server may take, in milliseconds. */
export const STEP_MS = 5_000;

/** Work that is not waited for longer than a step may take: then it fails as a connection does. */
export function within<T>(work: Promise<T>): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(Object.assign(new Error('timeout'), { code: 'ETIMEDOUT' })), STEP_MS);
  return Promise.race([work, promise]).finally(() => clearTimeout(timer));
}
