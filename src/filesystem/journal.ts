import type { DataMode } from './ext4.js';
import { isInMemory, isWithoutJournal } from './filesystem-types.js';
import type { MountedFilesystem } from './mounted-filesystem.js';

/** Where a filesystem writes first what it is about to change. */
export interface Journal {
  present: boolean | 'unknown';
  /** What becomes of files' data, where there is a choice (ext4). */
  mode: DataMode | undefined;
  /** Whether it is on another device than the filesystem. */
  external: boolean | 'unknown';
}

const UNKNOWN: Journal = { present: 'unknown', mode: undefined, external: 'unknown' };
const NONE: Journal = { present: false, mode: undefined, external: false };

/** These never write over what they have written, and need none. */
const COPY_ON_WRITE = new Set(['btrfs', 'zfs', 'bcachefs']);

export function describeJournal(filesystem: MountedFilesystem): Journal {
  const { mount, ext4, upper } = filesystem;
  if (upper !== undefined) return describeJournal(upper);
  if (ext4?.journal === 'none') return NONE;
  if (ext4 !== undefined) {
    return {
      // A data mode is listed only with a journal, even where its place cannot be seen.
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
