/** Stretches of time that were counted, so that sessions which run beside each other count once. */
export class CountedTime {
  /** In order, apart from each other. */
  #stretches: readonly (readonly [from: number, to: number])[] = [];

  /** Counts a stretch; how much of it was not counted before, in the unit of its ends. */
  add(from: number, to: number): number {
    if (to <= from) return 0;
    const touching = this.#stretches.filter(([begin, end]) => begin <= to && from <= end);
    const covered = touching.reduce(
      (sum, [begin, end]) => sum + Math.max(0, Math.min(end, to) - Math.max(begin, from)),
      0,
    );
    const merged: [number, number] = [
      Math.min(from, ...touching.map(([begin]) => begin)),
      Math.max(to, ...touching.map(([, end]) => end)),
    ];
    this.#stretches = [...this.#stretches.filter((stretch) => !touching.includes(stretch)), merged].toSorted(
      ([a], [b]) => a - b,
    );
    return to - from - covered;
  }

  /** Forgets what ended before: nothing earlier will be counted any more. */
  forget(before: number): void {
    this.#stretches = this.#stretches.filter(([, end]) => end >= before);
  }
}
