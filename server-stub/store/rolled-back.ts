/** Ends a transaction without its changes, although all went well: what it would have come to is the answer. */
export class RolledBack<T> extends Error {
  readonly result: T;

  private constructor(result: T) {
    super('rolled back');
    this.result = result;
  }

  /**
   * Runs a transaction for good, or only to see what comes of it.
   *
   * @param preview whether nothing shall stay of it
   * @param transact hands what it came to through `end`, last thing in the transaction
   */
  static async where<T>(preview: boolean, transact: (end: (result: T) => T) => Promise<T>): Promise<T> {
    try {
      return await transact((result) => {
        if (preview) throw new RolledBack(result);
        return result;
      });
    } catch (thrown) {
      if (thrown instanceof RolledBack) return thrown.result as T;
      throw thrown;
    }
  }
}
