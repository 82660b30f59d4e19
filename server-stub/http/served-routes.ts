/** Which methods a path answers, so that a wrong method is told from a wrong path. */
export class ServedRoutes {
  readonly #plain = new Map<string, Set<string>>();
  readonly #patterns = new Map<RegExp, Set<string>>();

  /** @param url as the router has it: `:name` stands for one part of a path */
  add(methods: readonly string[], url: string): void {
    if (url.includes('*')) return;
    const known = this.#plain.get(url) ?? new Set();
    this.#plain.set(url, known);
    for (const method of methods) known.add(method);
    if (url.includes(':') && ![...this.#patterns.values()].includes(known))
      this.#patterns.set(new RegExp(`^${url.replace(/:\w+/g, '[^/]+')}$`), known);
  }

  methodsOf(path: string): string[] {
    const patterns = [...this.#patterns].find(([pattern]) => pattern.test(path));
    return [...(this.#plain.get(path) ?? patterns?.[1] ?? [])].toSorted();
  }
}
