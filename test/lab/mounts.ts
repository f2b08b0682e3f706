import { release } from 'node:os';
import type { Untorn } from './crash-states.js';
import type { Disk, DiskFormat } from './filesystems.js';
import type { FaultKind } from './judge.js';
import type { KernelSeries } from './kernels/debian-kernel.js';

/** A filesystem to crash, with its known faults. */
export interface LabMount extends Disk {
  name: string;
  /** The kernel under which the scenario runs; default: the running one. */
  kernel?: KernelSeries;
  /** The kernel that recovers the crash states before the running one mounts them; default: the running one. */
  recoveredBy?: KernelSeries;
  /**
   * The commands that repair it before the mount; the device is added as the last argument. First the repair
   * that a machine does when it boots, then the repair that an administrator does if the first one fails.
   */
  repair?: readonly (readonly string[])[];
  /** Bytes of an external journal, a device of its own after the filesystem on the same disk; ext4 only. */
  externalJournal?: number;
  /** Bytes that are free when the recording begins; default: the volume is not filled. */
  free?: number;
  /** The largest share of the states in which a temporary may be left, if there is such a promise. */
  mostLitter?: number;
  /** Bytes of a write that the disk writes whole or not at all, if more than the filesystem relies on. */
  untorn?: number;
  /**
   * Faults that no recipe can prevent on this mount, and the reason. `of`: in these scenarios only. They are
   * reported, and do not fail the run.
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
    // A torn directory block loses the names in it, independent of the recipe: seen in 1 of 3,480 states.
    untorn: 4096,
    accepted: {
      faults: ['torn', 'lost'],
      of: [
        ...['ordered', 'portable-ordered', 'portable-replace-symlink', 'textbook'],
        ...['keep-previous', 'portable-keep-previous', 'replace-directory'],
      ],
      why: "the old version's inode may be freed, or belong to another file, on disk before the directory names the new one, unless the old version is pinned by a second name until then: `ordered`, kept versions, whole directories and links of the portable engine promise nothing here, and the textbook recipe does not pin the old version",
    },
  },
  {
    name: 'ext4-fast-commit',
    format: 'ext4',
    mkfs: ['-O', 'fast_commit'],
    accepted: {
      faults: ['unmountable', 'torn'],
      why: 'the kernel cannot always replay its own fast commits, independent of the recipe: it refuses the filesystem, or drops the blocks of a file that e2fsck recovers from the same disk',
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
      why: 'a directory block is four filesystem blocks, and the disk may keep some of the four writes: the replay of the log then refuses its checksum, independent of the recipe',
    },
  },
  { name: 'xfs-no-reflink', format: 'xfs', mkfs: ['-m', 'reflink=0'], mostLitter: 0.02 },
  { name: 'btrfs', format: 'btrfs' },
];

/** The mounts by name, in the order in which they are crashed and reported. */
export const MOUNTS: ReadonlyMap<string, LabMount> = new Map(ALL.map((mount) => [mount.name, mount]));

/**
 * What each filesystem relies on. ext4 and btrfs: the super block is never torn. XFS: no metadata block is
 * torn. The replay of its log skips a block whose header says that it is newer
 * (fs/xfs/xfs_buf_item_recover.c, xlog_recover_get_buf_lsn). If only that header reached the disk, the kernel
 * then refuses the block for its checksum: seen in one of 100 states of a directory block torn at a sector,
 * independent of the recipe.
 */
const UNTORN: Readonly<Record<DiskFormat, Untorn>> = {
  ext4: { superBlock: 1024 },
  xfs: { superBlock: 0, unit: 4096 },
  btrfs: { superBlock: 64 * 1024 },
};

export function untornOf({ format, untorn }: LabMount): Untorn {
  return untorn === undefined ? UNTORN[format] : { ...UNTORN[format], unit: untorn };
}

/** How the states of a recording are recovered: under another kernel, some by that one and some by the running one. */
export function recoveriesOf(mount: LabMount): LabMount[] {
  return mount.kernel === undefined ? [mount] : [{ ...mount, recoveredBy: mount.kernel }, mount];
}

/** The mount's name, with the kernel under which it was recorded, and the one that recovers it if that is another. */
export function labelOf({ name, kernel, recoveredBy }: LabMount): string {
  if (kernel === undefined) return name;
  const recovered = recoveredBy === kernel ? '' : `, recovered by ${/^\d+\.\d+/.exec(release())?.[0]}`;
  return `${name}, Linux ${kernel}${recovered}`;
}
