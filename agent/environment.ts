import { existsSync } from 'node:fs';
import { join } from 'node:path';
import * as Type from 'typebox';
import { readIfThere } from './system-files.ts';

/** What a system runs on. */
export const SystemEnvironment = Type.Object({
  kind: Type.Enum(['machine', 'vm', 'container']),
  /** Whose it is, such as `kvm`, `vmware`, `docker`, `lxc`; as systemd-detect-virt(1) names it. */
  name: Type.Optional(Type.String({ minLength: 1, maxLength: 64 })),
});
export type SystemEnvironment = Type.Static<typeof SystemEnvironment>;

/** What DMI says of hypervisors, in the order in which it is asked. Source: systemd, src/basic/virt.c. */
const HYPERVISORS: readonly (readonly [pattern: RegExp, name: string])[] = [
  [/^KVM/, 'kvm'],
  [/^OpenStack/, 'kvm'],
  [/^KubeVirt/, 'kvm'],
  [/^Amazon EC2/, 'amazon'],
  [/^QEMU/, 'qemu'],
  [/^VM[Ww]/, 'vmware'],
  [/^innotek GmbH|^VirtualBox/, 'oracle'],
  [/^Oracle Corporation/, 'oracle'],
  [/^Xen/, 'xen'],
  [/^Bochs/, 'bochs'],
  [/^Parallels/, 'parallels'],
  [/^BHYVE/, 'bhyve'],
  [/^Hyper-V|^Virtual Machine/, 'microsoft'],
  [/^Apple Virtualization/, 'apple'],
  [/^Google Compute Engine/, 'google'],
  [/^Alibaba Cloud ECS/, 'alibaba'],
];
const DMI_FILES = ['product_name', 'sys_vendor', 'board_vendor', 'bios_vendor', 'product_version'];

/**
 * Tells whether a system is a machine, a virtual machine or a container, by what systemd-detect-virt(1) looks at. In a
 * container the hardware is that of the host, and the machine-id that of the image. Source: protocol, Identity.
 *
 * @param root where the system's files stand
 */
export function detectEnvironment(root = '/'): SystemEnvironment {
  const container = containerName(root);
  if (container !== undefined) return { kind: 'container', name: container };
  const hypervisor = hypervisorName(root);
  if (hypervisor !== undefined) return { kind: 'vm', name: hypervisor };
  const isGuest = /^flags\s*:.*\bhypervisor\b/m.test(readIfThere(join(root, 'proc/cpuinfo')) ?? '');
  return { kind: isGuest ? 'vm' : 'machine' };
}

function containerName(root: string): string | undefined {
  const there = (file: string) => existsSync(join(root, file));
  if (/microsoft|WSL/i.test(readIfThere(join(root, 'proc/sys/kernel/osrelease')) ?? '')) return 'wsl';
  const said =
    wordIn(readIfThere(join(root, 'run/systemd/container'))) ??
    wordIn(/(?:^|\0)container=([^\0]*)/.exec(readIfThere(join(root, 'proc/1/environ')) ?? '')?.[1]);
  if (there('var/run/secrets/kubernetes.io') || there('run/secrets/kubernetes.io')) return 'kubernetes';
  if (said !== undefined && said !== 'oci') return said;
  if (there('run/.containerenv')) return 'podman';
  if (there('.dockerenv')) return 'docker';
  if (there('proc/vz') && !there('proc/bc')) return 'openvz';
  return said;
}

function hypervisorName(root: string): string | undefined {
  const found = DMI_FILES.map((file) => readIfThere(join(root, 'sys/class/dmi/id', file))?.trim() ?? '')
    .map((text) => HYPERVISORS.find(([pattern]) => pattern.test(text))?.[1])
    .find((name) => name !== undefined);
  if (found !== undefined) return found;
  const compatible = readIfThere(join(root, 'proc/device-tree/hypervisor/compatible'));
  if (compatible !== undefined) return compatible.includes('xen') ? 'xen' : 'kvm';
  return wordIn(readIfThere(join(root, 'sys/hypervisor/type')));
}

function wordIn(text: string | undefined): string | undefined {
  return /^[a-z0-9_-]{1,64}$/.exec(text?.trim() ?? '')?.[0];
}
