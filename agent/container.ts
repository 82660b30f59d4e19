import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readIfThere, wordOf } from './system-files.ts';

/** The name of OCI runtimes that do not say more. */
const OCI = 'oci';

/**
 * What a container is run by; '' where it does not say, undefined on a system that is none. Source: systemd,
 * src/basic/virt.c, detect_container; Kubernetes by the secrets that it mounts.
 */
export function containerName(root: string): string | undefined {
  const there = (file: string) => existsSync(join(root, file));
  const text = (file: string) => readIfThere(join(root, file));
  if (there('proc/vz') && !there('proc/bc')) return 'openvz';
  if (/microsoft|WSL/i.test(text('proc/sys/kernel/osrelease') ?? '')) return 'wsl';
  if (there('var/run/secrets/kubernetes.io') || there('run/secrets/kubernetes.io')) return 'kubernetes';
  const said =
    wordOf(text('run/host/container-manager')) ??
    wordOf(text('run/systemd/container')) ??
    wordOf(/(?:^|\0)container=([^\0]*)/.exec(text('proc/1/environ') ?? '')?.[1]);
  if (said !== undefined && said !== OCI) return said;
  if (there('run/.containerenv')) return 'podman';
  if (there('.dockerenv')) return 'docker';
  return said !== undefined || isInCgroupNamespace(there) ? '' : undefined;
}

/** The first group of a system has no such files; what is within one sees its own group as the first. */
function isInCgroupNamespace(there: (file: string) => boolean): boolean {
  if (there('sys/fs/cgroup/cgroup.events')) return there('sys/fs/cgroup/cgroup.type');
  return there('sys/fs/cgroup/systemd') && !there('sys/fs/cgroup/systemd/release_agent');
}
