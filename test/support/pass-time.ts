import { onTestFinished, vi } from 'vitest';

const sources = [performance, Date].map((source) => ({ source, now: source.now.bind(source) }));

let passed = 0;
let stopped = false;

/** Lets time pass for whatever in this process measures short spans, without waiting for it; until the test ends. */
export function passTime(ms: number): void {
  if (!stopped) replaceTime((now) => () => now() + passed);
  passed += ms;
}

/** Time stands still for them but for what {@link passTime} adds: what is counted in a second is counted exactly. */
export function stopTime(): void {
  stopped = true;
  replaceTime((now) => {
    const start = now();
    return () => start + passed;
  });
}

function replaceTime(replacement: (now: () => number) => () => number): void {
  const spies = sources.map(({ source, now }) =>
    vi.spyOn(source, 'now').mockImplementation(replacement(now)),
  );
  onTestFinished(() => {
    passed = 0;
    stopped = false;
    for (const spy of spies) spy.mockRestore();
  });
}
