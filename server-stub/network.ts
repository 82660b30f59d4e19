import { isIP } from 'node:net';

/** Whether a text is an address or a network (CIDR) of one: `10.0.0.0/8`, `::1`. */
export function isNetwork(text: string): boolean {
  const [address = '', length, ...more] = text.split('/');
  const bits = isIP(address) === 4 ? 32 : 128;
  if (isIP(address) === 0 || more.length > 0) return false;
  return length === undefined || (/^[1-9][0-9]{0,2}$/.test(length) && Number(length) <= bits);
}
