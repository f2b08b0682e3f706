import type { Machine } from './machine.js';
import type { Mount } from './mounts.js';

/**
 * What works on a filesystem. `'unknown'`: only a test that writes would tell.
 *
 * @category inspect
 */
export interface Support {
  /** Files without a name, which get one later (open(2), O_TMPFILE). */
  unnamedTemporaries: boolean | 'unknown';
  /** Renames that fail if the target exists (rename(2), RENAME_NOREPLACE). */
  noReplace: boolean | 'unknown';
  /** Exchanges of two names in one step (rename(2), RENAME_EXCHANGE). */
  exchange: boolean | 'unknown';
  /** fsync(2) of a directory. */
  directorySync: boolean | 'unknown';
  /** Attributes of the `user.` namespace (xattr(7)). */
  extendedAttributes: boolean | 'unknown';
}

const EVERYTHING: Support = {
  unnamedTemporaries: true,
  noReplace: true,
  exchange: true,
  directorySync: true,
  extendedAttributes: true,
};

const PLAIN_FILES: Support = {
  unnamedTemporaries: false,
  noReplace: true,
  exchange: false,
  directorySync: true,
  extendedAttributes: false,
};

const UNKNOWN: Support = {
  unnamedTemporaries: 'unknown',
  noReplace: 'unknown',
  exchange: 'unknown',
  directorySync: 'unknown',
  extendedAttributes: 'unknown',
};

/**
 * Finds what works on a mounted filesystem by its type. The result is `'unknown'` for types without an entry
 * here, and where it depends on a server or on the kernel's configuration.
 *
 * The entries come from fs/<type>/ of Linux 6.18; those of the first four groups were tested there.
 * Differences between kernels are known from 4.18 on, the oldest kernel that runs Node.js 20.
 */
export function findSupport(machine: Machine, mount: Mount | undefined): Support {
  const platformSupport = supportOnOtherPlatforms(machine.platform);
  if (platformSupport !== undefined) return platformSupport;
  switch (mount?.type) {
    case 'ext4':
    case 'ext3':
    case 'ext2':
    case 'xfs':
    case 'btrfs':
      return { ...EVERYTHING, extendedAttributes: !mount.superOptions.includes('nouser_xattr') };
    case 'tmpfs':
      // From 6.6 on it depends on CONFIG_TMPFS_XATTR.
      return { ...EVERYTHING, extendedAttributes: machine.isLinux(6, 6) ? 'unknown' : false };
    case 'ramfs':
      return { ...EVERYTHING, exchange: machine.isLinux(5, 17) || 'unknown', extendedAttributes: false };
    case 'overlay':
      // The upper filesystem stores the attributes.
      return {
        ...EVERYTHING,
        unnamedTemporaries: machine.isLinux(6, 1) || 'unknown',
        extendedAttributes: 'unknown',
      };
    case 'vfat':
      return { ...PLAIN_FILES, exchange: machine.isLinux(6, 0) };
    case 'exfat':
      return PLAIN_FILES;
    case 'nfs':
    case 'nfs4':
    case '9p':
      return { ...PLAIN_FILES, noReplace: false, extendedAttributes: 'unknown' };
    default:
      return UNKNOWN;
  }
}

/**
 * What works on all filesystems of a platform, or on none of them. `undefined` on Linux, where it depends on
 * the type, and on platforms about which nothing is known.
 */
export function supportOnOtherPlatforms(platform: NodeJS.Platform): Support | undefined {
  const unknown = {
    unnamedTemporaries: false,
    noReplace: 'unknown',
    exchange: 'unknown',
    directorySync: 'unknown',
    extendedAttributes: 'unknown',
  } as const;
  if (platform === 'darwin') return unknown;
  if (platform === 'win32')
    return { ...unknown, noReplace: true, exchange: false, extendedAttributes: false };
  return undefined;
}
