import type {
  CompiledQuery,
  DatabaseConnection,
  Dialect,
  Driver,
  QueryResult,
  TransactionSettings,
} from 'kysely';

/** What a fault of the database means to us; undefined where it is none of its faults. */
export type FaultOf = (cause: unknown) => Error | undefined;

/** A dialect whose faults have our codes, wherever a query is made: nobody above the store reads those of an engine. */
export function translateFaults(dialect: Dialect, faultOf: FaultOf): Dialect {
  const translating = <T>(work: Promise<T>): Promise<T> =>
    work.catch((cause: unknown) => {
      throw faultOf(cause) ?? cause;
    });
  return {
    createDriver: () => translatingDriver(dialect.createDriver(), translating, faultOf),
    createQueryCompiler: () => dialect.createQueryCompiler(),
    createAdapter: () => dialect.createAdapter(),
    createIntrospector: (db) => dialect.createIntrospector(db),
  };
}

function translatingDriver(
  driver: Driver,
  translating: <T>(work: Promise<T>) => Promise<T>,
  faultOf: FaultOf,
): Driver {
  /** Each connection's other self, so that the driver gets its own back. */
  const originals = new WeakMap<DatabaseConnection, DatabaseConnection>();
  const original = (connection: DatabaseConnection) => originals.get(connection) ?? connection;
  const clothed = (inner: DatabaseConnection): DatabaseConnection => {
    const connection: DatabaseConnection = {
      executeQuery: <R>(query: CompiledQuery): Promise<QueryResult<R>> =>
        translating(inner.executeQuery<R>(query)),
      async *streamQuery<R>(query: CompiledQuery, chunkSize: number): AsyncIterableIterator<QueryResult<R>> {
        try {
          yield* inner.streamQuery<R>(query, chunkSize);
        } catch (cause) {
          throw faultOf(cause) ?? cause;
        }
      },
    };
    originals.set(connection, inner);
    return connection;
  };
  return {
    init: () => translating(driver.init()),
    acquireConnection: async () => clothed(await translating(driver.acquireConnection())),
    releaseConnection: (connection) => driver.releaseConnection(original(connection)),
    beginTransaction: (connection, settings: TransactionSettings) =>
      translating(driver.beginTransaction(original(connection), settings)),
    commitTransaction: (connection) => translating(driver.commitTransaction(original(connection))),
    rollbackTransaction: (connection) => translating(driver.rollbackTransaction(original(connection))),
    destroy: () => driver.destroy(),
  };
}
