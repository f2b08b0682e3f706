// What is known of a filesystem by its type in the mount table alone.

/** Filesystems whose content is in memory and nowhere else. */
const IN_MEMORY = new Set(['tmpfs', 'ramfs', 'devtmpfs', 'rootfs', 'hugetlbfs']);

export function isInMemory(type: string): boolean {
  return IN_MEMORY.has(type);
}

/** Filesystems that neither journal nor copy on write: nothing orders what a rename changes on the disk. */
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

/** Served by a program; virtiofs by one of the host. */
export function isFuse(type: string): boolean {
  return type === 'virtiofs' || /^fuse(blk)?(\.|$)/.test(type);
}

/** Served by ext4's driver, which tells about all three in the same places. */
export function isExt(type: string): boolean {
  return /^ext[234]$/.test(type);
}

/** btrfs returns early where the same directory is being synced already; an overlay may have btrfs below it. */
export function mayReturnEarlyFromDirectorySync(type: string): boolean {
  return type === 'btrfs' || type === 'overlay';
}
