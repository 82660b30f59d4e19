import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { listIfThere, readIfThere, wordOf } from './system-files.ts';

/** What DMI says of hypervisors. Source: systemd, src/basic/virt.c. */
const VENDORS: readonly (readonly [pattern: RegExp, name: string])[] = [
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
/** In the order in which they are asked: KVM stands in the first where QEMU is in the second. */
const DMI_FILES = ['product_name', 'sys_vendor', 'board_vendor', 'bios_vendor', 'product_version'];

/** Clocks that hypervisors lend to their guests. */
const CLOCKS: readonly (readonly [pattern: RegExp, name: string])[] = [
  [/\bkvm-clock\b/, 'kvm'],
  [/\bhyperv_clocksource/, 'microsoft'],
  [/\bxen\b/, 'xen'],
];

/**
 * The hypervisor below a system; '' where it does not say its name, undefined on a real machine. CPUID, which names it
 * best, is not for JavaScript: the kernel's flag and clock tell of it. Source: systemd, src/basic/virt.c, detect_vm.
 */
export function hypervisorName(root: string): string | undefined {
  const text = (file: string) => readIfThere(join(root, file));
  // The first domain of Xen has the hardware.
  if (text('proc/xen/capabilities')?.includes('control_d')) return undefined;
  const byClock = CLOCKS.find(([pattern]) =>
    pattern.test(text('sys/devices/system/clocksource/clocksource0/available_clocksource') ?? ''),
  )?.[1];
  const byDmi = DMI_FILES.map((file) => text(`sys/class/dmi/id/${file}`)?.trim() ?? '')
    .map((vendor) => VENDORS.find(([pattern]) => pattern.test(vendor))?.[1])
    .find((name) => name !== undefined);
  if (byDmi === 'amazon' && isAmazonMetal(text)) return undefined;
  // QEMU alone computes a processor, with KVM it lends one.
  if (byDmi === 'qemu' && byClock === 'kvm') return byClock;
  if (byDmi !== undefined) return byDmi;
  const isGuest = /^flags\s*:.*\bhypervisor\b/m.test(text('proc/cpuinfo') ?? '');
  return byDeviceTree(root) ?? wordOf(text('sys/hypervisor/type')) ?? byClock ?? (isGuest ? '' : undefined);
}

/** EC2's machines without a hypervisor: `m5.metal`, `c7g.metal-48xl`. */
function isAmazonMetal(text: (file: string) => string | undefined): boolean {
  return /\.metal(-|$)/.test(text('sys/class/dmi/id/product_name')?.trim() ?? '');
}

function byDeviceTree(root: string): string | undefined {
  const compatible = readIfThere(join(root, 'proc/device-tree/hypervisor/compatible'));
  if (compatible !== undefined)
    return ['kvm', 'xen', 'vmware'].find((name) => compatible.includes(name)) ?? '';
  const isQemu =
    listIfThere(join(root, 'proc/device-tree')).some((name) => name.includes('fw-cfg')) ||
    existsSync(join(root, 'proc/device-tree/chosen/qemu,graphic-width'));
  return isQemu ? 'qemu' : undefined;
}
