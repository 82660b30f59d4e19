import { setFlagsFromString } from 'node:v8';

/**
 * Lets V8 keep its heap small rather than fast: a daemon that refreshes 10,000 licenses once a day would otherwise hold
 * on to what each burst took. Measured by the bench `gateway`.
 */
export function spareMemory(): void {
  setFlagsFromString('--optimize-for-size');
}
