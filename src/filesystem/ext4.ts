import type { Machine } from './machine.js';

/** What ext4 tells about one of its filesystems. `undefined` is what could not be read. */
export interface Ext4 {
  /** The kernel's name of the block device. */
  device: string;
  /** Every mount option in force, defaults included: `/proc/fs/ext4/<device>/options`. */
  options: string[] | undefined;
  dataMode: DataMode | undefined;
  journal: 'internal' | 'external' | 'none' | undefined;
  /** How many commits the fast_commit feature has made or passed up since the filesystem was mounted. */
  fastCommits: { commits: number; ineligible: number } | undefined;
}

/** What of a file's data goes through the journal or is ordered by it (ext4(5)). */
export type DataMode = 'ordered' | 'journal' | 'writeback';

const DATA_MODES: readonly DataMode[] = ['ordered', 'journal', 'writeback'];

/** Reads about the filesystem on a block device, which the ext4 driver may as well have mounted as ext2 or ext3. */
export function readExt4(machine: Machine, device: string): Ext4 {
  // The mount table leaves out what is the filesystem's own default (tune2fs -o, -E mount_opts), and that may be
  // data=writeback, nobarrier or journal_async_commit. Only this file lists what is in force.
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
  // A data mode is listed only with a journal (fs/ext4/super.c, _ext4_show_options).
  if (options !== undefined && dataMode === undefined) return 'none';
  if (machine.read(`/sys/fs/ext4/${device}/journal_task`) === '<none>') return 'none';
  // jbd2 lists a journal inside the filesystem as <device>-<inode>, an external one by its own device's name.
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
