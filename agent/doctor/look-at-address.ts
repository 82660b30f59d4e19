import type { LookupAddress } from 'node:dns';
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { reasonOf } from '#core/host/reason.ts';
import { about, type Finding, finding } from './finding.ts';
import { nextStop, type Road } from './road.ts';
import { within } from './within.ts';

export interface AddressLook {
  readonly found: Finding;
  /** Undefined where there is none. */
  readonly addresses?: readonly LookupAddress[];
}

/** What the name of a server, or of the proxy before it, stands for; asked as the daemon asks (getaddrinfo). */
export async function lookAtAddress(road: Road): Promise<AddressLook> {
  const { host } = nextStop(road);
  const family = isIP(host);
  if (family !== 0) {
    const words = { en: 'is an address', zh: '本身即为地址' };
    return {
      found: finding(
        'dns',
        'ok',
        { en: `${host} ${words.en}`, zh: `${host} ${words.zh}` },
        { detail: { host } },
      ),
      addresses: [{ address: host, family }],
    };
  }
  try {
    const addresses = await within(lookup(host, { all: true }));
    const list = addresses.map(({ address }) => address);
    const shown = list.join(' ');
    const words = { en: `${host} is ${shown}`, zh: `${host} 的地址为 ${shown}` };
    return { found: finding('dns', 'ok', words, { detail: { host, addresses: list } }), addresses };
  } catch (cause) {
    return {
      found: finding('dns', 'fault', about(host, reasonOf(cause)), { remedy: REMEDY, detail: { host } }),
    };
  }
}

const REMEDY = {
  en: 'Check the DNS servers of this device (/etc/resolv.conf) and the network; an enrollment file may also name an address.',
  zh: '请检查本设备的 DNS 服务器（/etc/resolv.conf）与网络；登记文件中也可以使用 IP 地址。',
};
