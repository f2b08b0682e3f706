import type { Untorn } from './crash-states.js';
import type { Disk, DiskFormat } from './filesystems.js';
import type { FaultKind } from './judge.js';
import type { KernelSeries } from './kernels/debian-kernel.js';

/** A filesystem to crash, with what is known about it. */
export interface LabMount extends Disk {
  name: string;
  /**
   * The kernel under which the scenario runs; default: the running one. The crash states are mounted by the running
   * kernel, whichever it was.
   */
  kernel?: KernelSeries;
  /**
   * The repair that runs on it before it is mounted, given the device: first what a machine does by itself as it boots,
   * then what its administrator does if that gives up.
   */
  repair?: readonly (readonly string[])[];
  /** Bytes of a journal of its own, on a device of its own that lies behind the filesystem on the same disk; ext4 only. */
  externalJournal?: number;
  /** Bytes that are left free before the recording; default: whatever is. */
  free?: number;
  /** In which share of the states a temporary may be left at most, where that is promised. */
  mostLitter?: number;
  /** Bytes of a write that the disk takes whole or not at all, where that is more than its filesystem asks. */
  untorn?: number;
  /**
   * Faults that a recipe cannot keep away here, and why; `of`: in these scenarios alone. They are reported, and do not fail
   * the run.
   */
  accepted?: { faults: readonly FaultKind[]; of?: readonly string[]; why: string };
}

const ALL: readonly LabMount[] = [
  { name: 'ext4', format: 'ext4', mostLitter: 0.02 },
  { name: 'ext4-journal', format: 'ext4', mount: 'data=journal', mostLitter: 0.02 },
  {
    name: 'ext4-writeback',
    format: 'ext4',
    mount: 'data=writeback',
    accepted: {
      faults: ['torn'],
      why: "the old version's blocks may be reused before the rename is durable, so an old file can show other bytes",
    },
  },
  {
    name: 'ext4-no-journal',
    format: 'ext4',
    mkfs: ['-O', '^has_journal'],
    repair: [
      ['e2fsck', '-p'],
      ['e2fsck', '-f', '-y'],
    ],
    // A torn block of a directory loses the names that are in it, whatever was saved and how: seen in 1 of 3,480 states.
    untorn: 4096,
    accepted: {
      faults: ['torn', 'lost'],
      of: [
        ...['ordered', 'portable-ordered', 'portable-replace-symlink', 'textbook'],
        ...['keep-previous', 'portable-keep-previous', 'replace-directory'],
      ],
      why: "the old version's inode may be freed, or be another file's, on disk before the directory names the new one, unless it keeps a name until then: `ordered` promises nothing here, nor do kept versions, whole directories and links of the portable engine, and the textbook holds no name",
    },
  },
  {
    name: 'ext4-fast-commit',
    format: 'ext4',
    mkfs: ['-O', 'fast_commit'],
    accepted: {
      faults: ['unmountable'],
      why: 'the kernel cannot always replay its own fast commits, whatever was saved and how',
    },
  },
  { name: 'ext4-inline-data', format: 'ext4', mkfs: ['-O', 'inline_data'], mostLitter: 0.02 },
  { name: 'ext4-bigalloc', format: 'ext4', mkfs: ['-O', 'bigalloc', '-C', '16384'], mostLitter: 0.02 },
  { name: 'ext4-1k-blocks', format: 'ext4', mkfs: ['-b', '1024'], mostLitter: 0.02 },
  { name: 'ext4-external-journal', format: 'ext4', externalJournal: 8 * 1024 * 1024 },
  { name: 'ext4-low-space', format: 'ext4', free: 400 * 1024, mostLitter: 0.02 },
  { name: 'xfs', format: 'xfs', mostLitter: 0.02 },
  {
    name: 'xfs-1k-blocks',
    format: 'xfs',
    mkfs: ['-b', 'size=1024'],
    mostLitter: 0.02,
    accepted: {
      faults: ['unmountable'],
      why: 'a directory block is four filesystem blocks, and of four writes the disk may keep some: the replay of the log then refuses its checksum, whatever was saved and how',
    },
  },
  { name: 'xfs-no-reflink', format: 'xfs', mkfs: ['-m', 'reflink=0'], mostLitter: 0.02 },
  { name: 'btrfs', format: 'btrfs' },
];

/** The mounts by name, in the order in which they are crashed and reported. */
export const MOUNTS: ReadonlyMap<string, LabMount> = new Map(ALL.map((mount) => [mount.name, mount]));

/**
 * What each filesystem takes for granted of the disk. ext4 and btrfs: that the super block is never torn. XFS: that none
 * of its metadata blocks is. The replay of its log leaves out a block whose header says that it is newer
 * (fs/xfs/xfs_buf_item_recover.c, xlog_recover_get_buf_lsn), and then refuses it for its checksum if only that header
 * reached the disk: seen in one of 100 states of a directory block torn at a sector, whatever was saved and how.
 */
const UNTORN: Readonly<Record<DiskFormat, Untorn>> = {
  ext4: { superBlock: 1024 },
  xfs: { superBlock: 0, unit: 4096 },
  btrfs: { superBlock: 64 * 1024 },
};

export function untornOf({ format, untorn }: LabMount): Untorn {
  return untorn === undefined ? UNTORN[format] : { ...UNTORN[format], unit: untorn };
}

/** The mount's name, with the kernel under which it was recorded. */
export function labelOf({ name, kernel }: LabMount): string {
  return kernel === undefined ? name : `${name}, Linux ${kernel}`;
}
