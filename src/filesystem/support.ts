import type { Machine } from './machine.js';
import type { Mount } from './mounts.js';

/** What works on a filesystem; `'unknown'` where only trying would tell, because trying would write. */
export interface Support {
  /** A file without a name that can be given one later (open(2), O_TMPFILE). */
  unnamedTemporaries: boolean | 'unknown';
  /** A rename that fails if its target exists (rename(2), RENAME_NOREPLACE). */
  noReplace: boolean | 'unknown';
  /** Swapping two names in one step (rename(2), RENAME_EXCHANGE). */
  exchange: boolean | 'unknown';
  /** fsync on a directory. */
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
 * Tells by type what works on a mounted filesystem. Unknown are types without an entry here, and what depends on a
 * server or on how the kernel was configured.
 *
 * Entries are from fs/<type>/ of Linux 6.18, and those of the first four groups were tried there. Older kernels are
 * told apart from 4.18 on, the oldest that runs Node.js 20.
 */
export function findSupport(machine: Machine, mount: Mount | undefined): Support {
  const elsewhere = supportOnOtherPlatforms(machine.platform);
  if (elsewhere !== undefined) return elsewhere;
  switch (mount?.type) {
    case 'ext4':
    case 'ext3':
    case 'ext2':
    case 'xfs':
    case 'btrfs':
      return { ...EVERYTHING, extendedAttributes: !mount.superOptions.includes('nouser_xattr') };
    case 'tmpfs':
      // From 6.6 on that depends on CONFIG_TMPFS_XATTR.
      return { ...EVERYTHING, extendedAttributes: machine.isLinux(6, 6) ? 'unknown' : false };
    case 'ramfs':
      return { ...EVERYTHING, exchange: machine.isLinux(5, 17) || 'unknown', extendedAttributes: false };
    case 'overlay':
      // Attributes are those of the upper filesystem.
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

/** What works on every filesystem of a system, or on none; `undefined` where the system says nothing. */
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
