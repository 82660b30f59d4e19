import { onTestFinished, vi } from 'vitest';

const sources = [performance, Date].map((source) => ({ source, now: source.now.bind(source) }));

let passed = 0;

/** Lets time pass for whatever in this process measures short spans, without waiting for it; until the test ends. */
export function passTime(ms: number): void {
  passed += ms;
  const spies = sources.map(({ source, now }) =>
    vi.spyOn(source, 'now').mockImplementation(() => now() + passed),
  );
  onTestFinished(() => {
    passed = 0;
    for (const spy of spies) spy.mockRestore();
  });
}
