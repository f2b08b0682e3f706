import type { DataMode } from './ext4.js';
import { isInMemory, isWithoutJournal } from './filesystem-types.js';
import type { MountedFilesystem } from './mounted-filesystem.js';

/**
 * The journal of a filesystem: it writes its changes there first.
 *
 * @category inspect
 */
export interface Journal {
  present: boolean | 'unknown';
  /** How the journal treats the data of files (ext4 only). */
  mode: DataMode | undefined;
  /** Whether it is on a different device than the filesystem. */
  external: boolean | 'unknown';
}

const UNKNOWN: Journal = { present: 'unknown', mode: undefined, external: 'unknown' };
const NONE: Journal = { present: false, mode: undefined, external: false };

/** These never overwrite blocks in place, so they need no journal. */
const COPY_ON_WRITE = new Set(['btrfs', 'zfs', 'bcachefs']);

export function findJournal(filesystem: MountedFilesystem): Journal {
  const { mount, ext4, upper } = filesystem;
  if (upper !== undefined) return findJournal(upper);
  if (ext4?.journal === 'none') return NONE;
  if (ext4 !== undefined) {
    return {
      // Only a filesystem with a journal lists a data mode, even if the journal's location is hidden.
      present: ext4.dataMode === undefined ? 'unknown' : true,
      mode: ext4.dataMode,
      external: ext4.journal === undefined ? 'unknown' : ext4.journal === 'external',
    };
  }
  if (mount.type === 'xfs') {
    const external = mount.superOptions.some((option) => option.startsWith('logdev='));
    return { present: true, mode: undefined, external };
  }
  if (isInMemory(mount.type) || isWithoutJournal(mount.type) || COPY_ON_WRITE.has(mount.type)) return NONE;
  return UNKNOWN;
}
