import type { Disk, DiskFormat } from './filesystems.js';
import type { Fault } from './verdict.js';

/** A filesystem to crash, with what is known about it. */
export interface LabMount extends Disk {
  name: string;
  /** The repair that its users' machines run before they mount it, given the device. */
  repair?: readonly string[];
  /** In which share of the states a temporary may be left at most, where that is promised. */
  mostLitter?: number;
  /** Faults that no recipe can keep away here, and why. They are reported, and do not fail the run. */
  accepted?: { faults: readonly Fault[]; why: string };
}

const ALL: readonly LabMount[] = [
  { name: 'ext4', format: 'ext4' },
  { name: 'ext4-journal', format: 'ext4', mount: 'data=journal' },
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
    repair: ['e2fsck', '-p'],
  },
  { name: 'ext4-fast-commit', format: 'ext4', mkfs: ['-O', 'fast_commit'] },
  { name: 'xfs', format: 'xfs' },
  { name: 'btrfs', format: 'btrfs' },
];

/** The mounts by name, in the order in which they are crashed and reported. */
export const MOUNTS: ReadonlyMap<string, LabMount> = new Map(ALL.map((mount) => [mount.name, mount]));

/** Where the super block that a mount reads lies, in bytes from the start of the disk. */
export const SUPER_BLOCK: Readonly<Record<DiskFormat, number>> = { ext4: 1024, xfs: 0, btrfs: 64 * 1024 };
