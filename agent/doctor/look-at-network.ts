import type { EpochSeconds } from '#core/clock.ts';
import { LicenseError } from '#core/errors.ts';
import type { Environment } from '../options.ts';
import { type Circumstances, isForbidden } from './circumstances.ts';
import { AS_ROOT, type Finding, finding, MAY_NOT_LOOK, NOT_ENROLLED, TOLD_ELSEWHERE } from './finding.ts';
import { lookAtAddress } from './look-at-address.ts';
import { lookAtHealth } from './look-at-health.ts';
import { lookAtRoute } from './look-at-route.ts';
import { lookAtTls } from './look-at-tls.ts';
import { type Road, roadTo } from './road.ts';

export interface NetworkLook {
  readonly findings: readonly Finding[];
  /** What the clocks of license servers say. */
  readonly serverTimes: readonly EpochSeconds[];
}

/** The way to each server, step by step and all at once: the first step that fails says where it ends. */
export async function lookAtNetwork(circumstances: Circumstances): Promise<NetworkLook> {
  const roads = roadsOf(circumstances);
  if (roads.length === 0) return { findings: [nowhere(circumstances)], serverTimes: [] };
  const looks = await Promise.all(roads.map((road) => travel(road, circumstances.env)));
  // One server is enough: what stands in the way of another is for later.
  const isReached = looks.some(({ findings }) => findings.every(({ outcome }) => outcome === 'ok'));
  const findings = looks
    .flatMap((look) => look.findings)
    .map((each) => (isReached && each.outcome === 'fault' ? { ...each, outcome: 'warning' as const } : each));
  return { findings, serverTimes: looks.flatMap(({ serverTimes }) => serverTimes) };
}

/** To the servers of the enrollment; where that may not be read, to the one that the daemon names. */
function roadsOf({ enrollment, running, env }: Circumstances): Road[] {
  if (!(enrollment instanceof LicenseError)) {
    const { serverUrls = [], caCertificate = '' } = enrollment?.enrollment ?? {};
    return serverUrls.map((url) => roadTo(url, caCertificate, env));
  }
  const url = running instanceof LicenseError ? null : running.serverUrl;
  return url !== null && URL.canParse(url) ? [roadTo(url, undefined, env)] : [];
}

function nowhere({ enrollment }: Circumstances): Finding {
  if (!(enrollment instanceof LicenseError)) return finding('server', 'skipped', NOT_ENROLLED);
  return isForbidden(enrollment)
    ? finding('server', 'skipped', MAY_NOT_LOOK, { remedy: AS_ROOT })
    : finding('server', 'skipped', TOLD_ELSEWHERE);
}

async function travel(road: Road, env: Environment): Promise<NetworkLook> {
  const address = await lookAtAddress(road);
  if (address.addresses === undefined) return { findings: [address.found], serverTimes: [] };
  const route = await lookAtRoute(road, address.addresses);
  const findings = [address.found, route.found];
  if (route.socket === undefined) return { findings, serverTimes: [] };
  try {
    if (road.url.protocol === 'https:') findings.push(await lookAtTls(road, route.socket));
  } finally {
    route.socket.destroy();
  }
  if (findings.at(-1)?.outcome !== 'ok') return { findings, serverTimes: [] };
  const { found, serverTime } = await lookAtHealth(road, env);
  return { findings: [...findings, found], serverTimes: serverTime === undefined ? [] : [serverTime] };
}
