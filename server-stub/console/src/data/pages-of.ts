/** A page of a list that may hold fewer rows than asked for and go on. */
export interface PageOf<Row, Next> {
  readonly rows: readonly Row[];
  readonly next: Next | null;
}

/**
 * Asks on until a page is full or there is no more: an answer looks at a bounded part of the store.
 *
 * @param signal ends the asking, as when something else is looked for
 */
export async function fullPage<Row, Next>(
  ask: (after: Next | undefined, limit: number) => Promise<PageOf<Row, Next>>,
  after: Next | undefined,
  limit: number,
  signal: AbortSignal,
): Promise<PageOf<Row, Next>> {
  const rows: Row[] = [];
  let place: Next | undefined = after;
  for (;;) {
    signal.throwIfAborted();
    const page = await ask(place, limit - rows.length);
    rows.push(...page.rows);
    if (page.next === null || rows.length >= limit) return { rows, next: page.next };
    place = page.next;
  }
}
