import { accessSync, constants, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { SYSTEM_PATH } from './command.js';

/** The tools of the lab, and the Debian packages that contain them. */
const TOOLS = {
  'mkfs.ext4': 'e2fsprogs',
  'mkfs.xfs': 'xfsprogs',
  'mkfs.btrfs': 'btrfs-progs',
  'apt-cache': 'apt',
  bindfs: 'bindfs',
  busybox: 'busybox-static',
  cc: 'gcc',
  cpio: 'cpio',
  depmod: 'kmod',
  fincore: 'util-linux-extra',
  gluster: 'glusterfs-server',
  ip: 'iproute2',
  modprobe: 'kmod',
  nbdfuse: 'libnbd-bin',
  nbdkit: 'nbdkit',
  'qemu-nbd': 'qemu-utils',
  'qemu-system-x86_64': 'qemu-system-x86',
  setfacl: 'acl',
  setfattr: 'attr',
  setpriv: 'util-linux',
  python3: 'python3',
  sshfs: 'sshfs',
  strace: 'strace',
  xz: 'xz-utils',
} as const;

export type Tool = keyof typeof TOOLS;

/** The tools for scenarios under a kernel other than the running one. */
export const GUEST_TOOLS = [
  'apt-cache',
  'busybox',
  'cpio',
  'depmod',
  'modprobe',
  'qemu-system-x86_64',
  'setpriv',
  'xz',
] as const;

/** The number of CAP_SYS_ADMIN in capability.h. */
const SYS_ADMIN = 21n;

/**
 * Says why this machine cannot mount filesystems for a test, as a phrase that a skipped test prints;
 * undefined if it can. The lab needs Linux, CAP_SYS_ADMIN, loop devices, and the named tools.
 */
export function missingFor(...tools: readonly Tool[]): string | undefined {
  if (process.platform !== 'linux') return 'needs Linux';
  if (!mayMount()) return 'needs root';
  if (!reachable('/dev/loop-control')) return 'needs /dev/loop-control';
  const missing = tools.filter(
    (tool) => !SYSTEM_PATH.split(delimiter).some((at) => reachable(join(at, tool))),
  );
  if (missing.length === 0) return undefined;
  return `needs ${missing.map((tool) => `${tool} (Debian package ${TOOLS[tool]})`).join(', ')}`;
}

function mayMount(): boolean {
  const effective = /^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
  return effective !== undefined && ((BigInt(`0x${effective}`) >> SYS_ADMIN) & 1n) === 1n;
}

function reachable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK);
    return true;
  } catch {
    return false;
  }
}
