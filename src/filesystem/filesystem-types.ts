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

/** Filesystems that a server on another machine, or on the host of this one, stores. */
const ON_NETWORK = new Set([
  ...'nfs nfs4 cifs smb3 smbfs 9p ceph afs lustre orangefs beegfs gpfs glusterfs ncpfs coda'.split(' '),
  ...'vboxsf vmhgfs prl_fs'.split(' '),
  ...'glusterfs ceph ceph-fuse lustre beegfs gpfs orangefs sshfs s3fs goofys gcsfuse mount-s3 blobfuse blobfuse2 rclone'
    .concat(' juicefs mfs moosefs lizardfs saunafs seaweedfs davfs curlftpfs smbnetfs cvmfs2')
    .split(' ')
    .map((program) => `fuse.${program}`),
]);

export function isOnNetwork(type: string): boolean {
  return ON_NETWORK.has(type);
}

/** Filesystems that a program serves; for virtiofs, a program on the host. */
export function isFuse(type: string): boolean {
  return type === 'virtiofs' || /^fuse(blk)?(\.|$)/.test(type);
}

/**
 * The types on which a new name is known to be durable after the sync of its directory: the sync reaches the
 * server, or the server stores names before it answers.
 *
 * Of FUSE a server without a handler answers ENOSYS, libfuse does so in its place (lib/fuse_lowlevel.c), and
 * the kernel then reports success for this sync and every later one (fs/fuse/dir.c, fuse_dir_fsync).
 *
 * Read and not listed: for SMB the kernel reports success without asking the server
 * (fs/smb/client/cifsfs.c, cifs_dir_fsync); AFS, OrangeFS and vboxsf have no sync of a directory; bindfs 1.18,
 * sshfs 3.7, s3fs 1.97, MooseFS 4 and JuiceFS 1.4 have no handler; that of mergerfs 2.42 answers ENOSYS;
 * gocryptfs has one since 2.6 only; that of GlusterFS reaches the bricks, which do nothing in every release up to 11.2
 * (xlators/storage/posix/src/posix-inode-fd-ops.c, posix_fsyncdir): saves were seen to be lost
 * (test/network/brick.ts); fuse-overlayfs has one that an option turns off (`volatile`), and the
 * mount table does not show it; `fuseblk` is the type of ntfs-3g, which has one, and of others.
 */
const SYNCS_DIRECTORIES = new Set([
  // The server stores a new name before it answers (RFC 1813, 4.8, and RFC 8881, 18.26), except if the export
  // is `async` (exports(5)); so the sync itself does nothing (fs/nfs/dir.c, nfs_fsync_dir).
  'nfs',
  'nfs4',
  // fs/9p/vfs_dir.c, v9fs_dir_operations_dotl. Before 9P2000.L the sync of a directory fails with EINVAL.
  '9p',
  // fs/ceph/dir.c, ceph_dir_fops, and fs/ceph/caps.c, ceph_fsync.
  'ceph',
  // lustre/llite/dir.c, ll_dir_operations.
  'lustre',
  // src/client/fuse_ll.cc, fuse_ll_fsyncdir. The second one is the name of the mount helper.
  'fuse.ceph-fuse',
  'fuse.ceph',
  // tools/virtiofsd/passthrough_ll.c of QEMU, lo_fsyncdir.
  'virtiofs',
]);

/** Whether the server of a filesystem is known to make new names durable when their directory is synced. */
export function isKnownToSyncDirectories(type: string): boolean {
  return SYNCS_DIRECTORIES.has(type);
}

/**
 * Filesystems whose files only this kernel opens, and whose open files it all knows, with their numbers in
 * statfs(2) (include/uapi/linux/magic.h): no other machine writes to them, no program serves them, and no
 * other filesystem is below them. A server of this machine that exports one of them is a process of this
 * kernel.
 */
const LOCAL: ReadonlyMap<string, number> = new Map([
  ...(['ext2', 'ext3', 'ext4'] as const).map((type): [string, number] => [type, 0xef53]),
  ...([
    ['xfs', 0x5846_5342],
    ['btrfs', 0x9123_683e],
    ['f2fs', 0xf2f5_2010],
  ] as const),
  ...([
    ['tmpfs', 0x0102_1994],
    ['ramfs', 0x8584_58f6],
    ['vfat', 0x4d44],
    ['exfat', 0x2011_bab0],
  ] as const),
]);

export function isLocal(type: string): boolean {
  return LOCAL.has(type);
}

/** @param type the `type` of statfs(2). */
export function isLocalByNumber(type: number): boolean {
  return [...LOCAL.values()].includes(type);
}

/**
 * Filesystems whose driver has no `->flush` (fs/ext2, fs/ext4, fs/xfs, fs/btrfs: file.c, struct
 * file_operations), the only call whose error close(2) reports (fs/open.c, filp_flush).
 */
const WITHOUT_FLUSH = new Set(['ext2', 'ext3', 'ext4', 'xfs', 'btrfs']);

/** Whether close(2) may be the first call to report that the data could not be stored. */
export function mayReportOnClose(type: string): boolean {
  return !WITHOUT_FLUSH.has(type) && !isInMemory(type);
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
