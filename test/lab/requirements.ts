import { accessSync, constants, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { SYSTEM_PATH } from './command.js';

/** What a filesystem is made with, and the Debian package that has the tool. */
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
  nbdfuse: 'libnbd-bin',
  nbdkit: 'nbdkit',
  'qemu-nbd': 'qemu-utils',
  'qemu-system-x86_64': 'qemu-system-x86',
  setpriv: 'util-linux',
  python3: 'python3',
  strace: 'strace',
  xz: 'xz-utils',
} as const;

export type Tool = keyof typeof TOOLS;

/** What a scenario under another kernel than the running one needs. */
export const GUEST_TOOLS = [
  'apt-cache',
  'busybox',
  'cpio',
  'depmod',
  'qemu-system-x86_64',
  'setpriv',
  'xz',
] as const;

/** The number of CAP_SYS_ADMIN in capability.h. */
const SYS_ADMIN = 21n;

/**
 * Why this machine cannot mount filesystems for a test, as a phrase to print where the test is skipped; undefined if
 * it can. Needs Linux, CAP_SYS_ADMIN, loop devices, and the tools that the caller names.
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
