import {
  card,
  disk,
  dmi,
  type Files,
  guestProcessor,
  kvmClock,
  machineId,
  mounts,
  nvme,
  overlay,
  pc,
  veth,
  virtioDisk,
} from './fake-machine.ts';

/** Systems as they are met in the field: what their kernels show of them. */
export const SYSTEMS = {
  'a PC': pc,

  'a PC whose maker filled nothing in': {
    ...dmi({
      sys_vendor: 'To Be Filled By O.E.M.',
      board_serial: 'Default string',
      product_uuid: '03000200-0400-0500-0006-000700080009',
    }),
    ...card('enp1s0', '00:1b:21:aa:bb:09'),
    ...disk('WD-WX12A3'),
    ...machineId,
  },

  'a Raspberry Pi': {
    'proc/device-tree/serial-number': '10000000abcdef01\0',
    'proc/cpuinfo': 'processor\t: 0\n\nHardware\t: BCM2835\nSerial\t\t: 10000000abcdef01\n',
    ...card('eth0', 'dc:a6:32:00:00:01'),
    ...card('wlan0', 'dc:a6:32:00:00:02'),
    ...mounts('179:2 / ext4'),
    'sys/block/mmcblk0/dev': '179:0\n',
    'sys/block/mmcblk0/mmcblk0p2/dev': '179:2\n',
    'sys/block/mmcblk0/device/serial': '0x1a2b3c4d\n',
    ...machineId,
  },

  'an i.MX board': {
    'sys/devices/soc0/serial_number': '0A1B2C3D4E5F6071\n',
    ...card('eth0', '00:04:9f:01:02:03'),
    ...machineId,
  },

  'a Rockchip board with a random address': {
    'proc/device-tree/serial-number': '8f3a2b1c9d0e4f56\0',
    ...card('eth0', '7e:12:34:56:78:9a', { type: '1' }),
    ...machineId,
  },

  'an old board that tells its serial number with its processor': {
    'proc/cpuinfo': 'processor\t: 0\nSerial\t\t: 02c00042b4e1a8d7\n',
    ...card('eth0', '02:0c:b4:e1:a8:d7', { type: '3' }),
    ...machineId,
  },

  'a board of which nothing is known but its card': {
    'proc/cpuinfo': 'processor\t: 0\nSerial\t\t: 0000000000000000\n',
    ...card('eth0', '00:04:9f:01:02:03'),
    ...machineId,
  },

  'a device whose root is read-only, its machine-id in memory': {
    ...mounts('179:2 / squashfs ro', '0:25 /etc/machine-id tmpfs'),
    ...machineId,
  },

  'a device whose changes go to memory': {
    ...mounts('0:30 / overlay rw rw,lowerdir=/ro,upperdir=/media/rw/upper', '0:29 /media/rw tmpfs'),
    ...machineId,
  },

  'a KVM guest': {
    ...dmi({
      sys_vendor: 'QEMU',
      product_name: 'Standard PC (Q35 + ICH9, 2009)',
      product_uuid: '9d1f6f6e-0000-4000-8000-000000000001',
    }),
    ...card('ens3', '52:54:00:12:34:56'),
    ...virtioDisk(),
    ...machineId,
    ...guestProcessor,
    ...kvmClock,
  },

  'a guest of QEMU alone': {
    ...dmi({ sys_vendor: 'QEMU', product_uuid: '9d1f6f6e-0000-4000-8000-000000000002' }),
    ...disk('QM00001'),
    ...machineId,
  },

  'a guest on ARM': {
    'proc/device-tree/fw-cfg@9020000/compatible': 'qemu,fw-cfg-mmio\0',
    ...virtioDisk('drive-virtio0'),
    ...machineId,
  },

  'a VMware guest': {
    ...dmi({
      sys_vendor: 'VMware, Inc.',
      product_name: 'VMware20,1',
      board_serial: 'None',
      product_uuid: '564d1234-5678-9abc-def0-123456789abc',
    }),
    ...card('ens33', '00:0c:29:aa:bb:cc'),
    ...nvme('VMware NVME_0000'),
    ...machineId,
    ...guestProcessor,
  },

  'a Hyper-V guest': {
    ...dmi({
      sys_vendor: 'Microsoft Corporation',
      product_name: 'Virtual Machine',
      board_serial: '1234-5678-9012-3456-7890-1234-56',
      product_uuid: '11111111-2222-3333-4444-555555555555',
    }),
    ...card('eth0', '00:15:5d:01:02:03'),
    ...machineId,
    ...guestProcessor,
  },

  'an EC2 instance (Nitro)': {
    ...dmi({
      sys_vendor: 'Amazon EC2',
      product_name: 'm5.large',
      bios_vendor: 'Amazon EC2',
      product_uuid: 'ec2a1234-5678-9abc-def0-123456789abc',
    }),
    ...card('ens5', '0a:1b:2c:3d:4e:5f'),
    ...nvme('vol0123456789abcdef0'),
    ...machineId,
    ...guestProcessor,
    ...kvmClock,
  },

  'an EC2 machine without a hypervisor': {
    ...dmi({
      sys_vendor: 'Amazon EC2',
      product_name: 'm5.metal',
      board_serial: 'BM-0042-17',
      product_uuid: 'ec2b1234-5678-9abc-def0-123456789abc',
    }),
    ...machineId,
  },

  'the first domain of Xen': {
    ...pc,
    'sys/hypervisor/type': 'xen\n',
    'proc/xen/capabilities': 'control_d\n',
  },

  'a Xen guest': { 'sys/hypervisor/type': 'xen\n', 'proc/xen/capabilities': '', ...machineId },

  'a guest that does not say whose it is': { ...machineId, ...guestProcessor },

  'a Docker container that sees the hardware of its host': {
    ...pc,
    ...overlay,
    ...veth,
    '.dockerenv': '',
    'sys/class/net/enp0s31f6/address': '',
    'sys/class/net/wlp2s0/address': '',
  },

  'a Docker container': { ...overlay, ...veth, ...machineId, '.dockerenv': '' },

  'a Docker container that was lent the machine-id of its host': {
    ...veth,
    ...machineId,
    ...mounts('0:50 / overlay', '8:1 /etc/machine-id ext4 ro'),
    '.dockerenv': '',
  },

  'a container whose image has no machine-id': { ...overlay, ...veth, '.dockerenv': '' },

  'a podman container': {
    ...overlay,
    ...machineId,
    'run/.containerenv': 'engine="podman-4.3.1"\n',
    'proc/1/environ': 'container=oci\0',
  },

  'an LXC container': { 'proc/1/environ': 'PATH=/bin\0container=lxc\0TERM=linux\0', ...machineId },

  'systemd-nspawn': { 'run/host/container-manager': 'systemd-nspawn\n', ...machineId },

  'a container of systemd that says so in /run': { 'run/systemd/container': 'rkt\n', ...machineId },

  'a Kubernetes pod': {
    ...overlay,
    ...machineId,
    'run/secrets/kubernetes.io/serviceaccount/namespace': 'default',
  },

  'a container that says nothing, in a cgroup of its own': {
    'sys/fs/cgroup/cgroup.events': 'populated 1\n',
    'sys/fs/cgroup/cgroup.type': 'domain\n',
    ...machineId,
  },

  WSL: { 'proc/sys/kernel/osrelease': '5.15.153.1-microsoft-standard-WSL2\n', ...machineId },
} as const satisfies Record<string, Files>;

export type SystemName = keyof typeof SYSTEMS;
