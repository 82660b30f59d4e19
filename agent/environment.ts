import * as Type from 'typebox';
import { containerName } from './container.ts';
import { hypervisorName } from './hypervisor.ts';

/** What a system runs on. */
export const SystemEnvironment = Type.Object({
  kind: Type.Enum(['machine', 'vm', 'container']),
  /** Whose it is, such as `kvm`, `vmware`, `docker`, `lxc`; as systemd-detect-virt(1) names it. */
  name: Type.Optional(Type.String({ minLength: 1, maxLength: 64 })),
});
export type SystemEnvironment = Type.Static<typeof SystemEnvironment>;

/**
 * Tells whether a system is a machine, a virtual machine or a container, by the files that systemd-detect-virt(1) looks
 * at; no other program is asked. In a container the hardware is that of the host, and the machine-id that of the image.
 * Source: protocol, Identity.
 *
 * @param root where the system's files stand
 */
export function detectEnvironment(root = '/'): SystemEnvironment {
  const container = containerName(root);
  if (container !== undefined) return { kind: 'container', ...(container !== '' && { name: container }) };
  const hypervisor = hypervisorName(root);
  if (hypervisor !== undefined) return { kind: 'vm', ...(hypervisor !== '' && { name: hypervisor }) };
  return { kind: 'machine' };
}
