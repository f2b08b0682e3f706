// What the type in the mount table alone tells about a filesystem.

/** Filesystems that are only in memory. */
const IN_MEMORY = new Set(['tmpfs', 'ramfs', 'devtmpfs', 'rootfs', 'hugetlbfs']);

export function isInMemory(type: string): boolean {
  return IN_MEMORY.has(type);
}

/**
 * Filesystems without a journal and without copy-on-write: nothing orders the writes of a rename on the disk.
 */
const WITHOUT_JOURNAL = new Set('ext2 vfat msdos exfat minix sysv ufs udf affs hfs hfsplus'.split(' '));

export function isWithoutJournal(type: string): boolean {
  return WITHOUT_JOURNAL.has(type);
}

const ON_NETWORK = new Set(
  'nfs nfs4 cifs smb3 smbfs 9p ceph afs lustre orangefs beegfs gpfs glusterfs ncpfs coda'.split(' '),
);

export function isOnNetwork(type: string): boolean {
  return ON_NETWORK.has(type);
}

/** Filesystems that a program serves; for virtiofs, a program on the host. */
export function isFuse(type: string): boolean {
  return type === 'virtiofs' || /^fuse(blk)?(\.|$)/.test(type);
}

/** Filesystems of the ext4 driver, which describes all three in the same files. */
export function isExt(type: string): boolean {
  return /^ext[234]$/.test(type);
}

/**
 * btrfs may return early if a sync of the same directory is already running. An overlay may have btrfs below
 * it.
 */
export function mayReturnEarlyFromDirectorySync(type: string): boolean {
  return type === 'btrfs' || type === 'overlay';
}
