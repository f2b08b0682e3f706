import type { Disk, DiskFormat } from './filesystems.js';
import type { Fault } from './verdict.js';

/** A filesystem to crash, with what is known about it. */
export interface LabMount extends Disk {
  name: string;
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
  /** Faults that no recipe can keep away here, and why. They are reported, and do not fail the run. */
  accepted?: { faults: readonly Fault[]; why: string };
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
    accepted: {
      faults: ['torn', 'lost'],
      why: "the old version's inode may be freed, or be another file's, on disk before the directory names the new one",
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
  { name: 'xfs-1k-blocks', format: 'xfs', mkfs: ['-b', 'size=1024'], mostLitter: 0.02 },
  { name: 'xfs-no-reflink', format: 'xfs', mkfs: ['-m', 'reflink=0'], mostLitter: 0.02 },
  { name: 'btrfs', format: 'btrfs' },
];

/** The mounts by name, in the order in which they are crashed and reported. */
export const MOUNTS: ReadonlyMap<string, LabMount> = new Map(ALL.map((mount) => [mount.name, mount]));

/** Where the super block that a mount reads lies, in bytes from the start of the disk. */
export const SUPER_BLOCK: Readonly<Record<DiskFormat, number>> = { ext4: 1024, xfs: 0, btrfs: 64 * 1024 };
