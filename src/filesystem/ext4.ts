import type { Machine } from './machine.js';

/** The state of one filesystem of the ext4 driver. `undefined` means that it could not be read. */
export interface Ext4 {
  /** The kernel's name of the block device. */
  device: string;
  /** Every mount option in force, defaults included: `/proc/fs/ext4/<device>/options`. */
  options: string[] | undefined;
  dataMode: DataMode | undefined;
  journal: 'internal' | 'external' | 'none' | undefined;
  /** Since the filesystem was mounted: fast commits, and commits for which a fast commit was not possible. */
  fastCommits: { commits: number; ineligible: number } | undefined;
}

/**
 * Whether the journal orders or contains the data of files (ext4(5)).
 *
 * @category inspect
 */
export type DataMode = 'ordered' | 'journal' | 'writeback';

const DATA_MODES: readonly DataMode[] = ['ordered', 'journal', 'writeback'];

/** Reads the state of the filesystem on a block device. The ext4 driver also mounts ext2 and ext3. */
export function readExt4(machine: Machine, device: string): Ext4 {
  // The mount table omits the filesystem's own defaults (tune2fs -o, -E mount_opts), which may be
  // data=writeback, nobarrier or journal_async_commit. Only this file lists all options in force.
  const options = machine.read(ext4OptionsFile(device))?.split('\n');
  const dataMode = DATA_MODES.find((mode) => options?.includes(`data=${mode}`));
  return {
    device,
    options,
    dataMode,
    journal: readJournal(machine, device, options, dataMode),
    fastCommits: readFastCommits(machine, device),
  };
}

export function ext4OptionsFile(device: string): string {
  return `/proc/fs/ext4/${device}/options`;
}

export function fastCommitFile(device: string): string {
  return `/proc/fs/ext4/${device}/fc_info`;
}

function readJournal(
  machine: Machine,
  device: string,
  options: string[] | undefined,
  dataMode: DataMode | undefined,
): Ext4['journal'] {
  // Only a filesystem with a journal lists a data mode (fs/ext4/super.c, _ext4_show_options).
  if (options !== undefined && dataMode === undefined) return 'none';
  if (machine.read(`/sys/fs/ext4/${device}/journal_task`) === '<none>') return 'none';
  // jbd2 lists an internal journal as <device>-<inode>, and an external one by the name of its own device.
  const journals = machine.list('/proc/fs/jbd2');
  if (journals?.some((name) => name.startsWith(`${device}-`))) return 'internal';
  return journals !== undefined && dataMode !== undefined ? 'external' : undefined;
}

function readFastCommits(machine: Machine, device: string): Ext4['fastCommits'] {
  const text = machine.read(fastCommitFile(device)) ?? '';
  const [, commits] = /^(\d+) commits$/m.exec(text) ?? [];
  const [, ineligible] = /^(\d+) ineligible$/m.exec(text) ?? [];
  if (commits === undefined || ineligible === undefined) return undefined;
  return { commits: Number(commits), ineligible: Number(ineligible) };
}
