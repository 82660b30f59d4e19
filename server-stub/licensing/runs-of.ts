import { identityOf } from './activate.ts';
import type { DeviceRequest } from './request-facts.ts';

/**
 * Cuts a batch where a request speaks of a LicenseKey that an earlier one moves a license from or to: seats are
 * taken before a run is decided, and what such a request meets is known only after the move. A batch without
 * transfers is one run.
 */
export function runsOf(requests: readonly DeviceRequest[]): DeviceRequest[][] {
  const runs: DeviceRequest[][] = [];
  let run: DeviceRequest[] = [];
  const moving = new Set<string>();
  for (const request of requests) {
    const { claims } = request;
    const target = claims.purpose === 'transfer' ? claims.toLicenseKey : undefined;
    const identities = [
      identityOf(claims),
      ...(target === undefined ? [] : [identityOf({ ...claims, licenseKey: target })]),
    ];
    if (identities.some((identity) => moving.has(identity))) {
      runs.push(run);
      run = [];
      moving.clear();
    }
    run.push(request);
    if (target !== undefined) for (const identity of identities) moving.add(identity);
  }
  return run.length === 0 ? runs : [...runs, run];
}
