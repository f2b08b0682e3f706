import { readFileSync } from 'node:fs';
import { mkdir, rm, rmdir } from 'node:fs/promises';
import { type AttachedDisk, attachDisk, detachDisk, diskSizeOf } from './attached-disk.js';
import { type BlockLog, parseBlockLog } from './block-log.js';
import { command } from './command.js';
import { CommandShell } from './command-shell.js';
import { type CrashState, chooseStates, formatState } from './crash-states.js';
import { makeImage, released } from './filesystems.js';
import { History } from './history.js';
import { type LabMount, untornOf } from './mounts.js';
import type { Recording } from './recording.js';
import { StateImage } from './state-image.js';
import { type Finding, judge } from './verdict.js';
import type { Workspace } from './workspace.js';

/** A crash state that was mounted and read. */
export interface JudgedState {
  state: CrashState;
  findings: readonly Finding[];
}

/** The states of a recording that a seed chooses. */
export function statesOf(recording: Recording, count: number, seed: number): CrashState[] {
  const { requests } = parseBlockLog(readFileSync(recording.log));
  return chooseStates(requests, new History(recording.events), count, seed);
}

/**
 * Crashes a recording in the given states and judges what the filesystem shows in each.
 *
 * @param kept where the image of the last state is kept, as it was before the mount.
 */
export async function replay(
  workspace: Workspace,
  recording: Recording,
  states: readonly CrashState[],
  kept?: string,
): Promise<JudgedState[]> {
  const history = new History(recording.events);
  const log = parseBlockLog(readFileSync(recording.log));
  const judged: JudgedState[] = [];
  await lookInto(workspace, { ...recording, log }, states, kept, (state, seen) => {
    const findings: Finding[] =
      'refusal' in seen
        ? [{ fault: 'unmountable', file: '', detail: seen.refusal }]
        : judge(seen.directory, history, state.position);
    judged.push({ state, findings });
  });
  return judged;
}

/** A disk that was watched. */
export interface WatchedDisk {
  mount: LabMount;
  baseImage: string;
  log: BlockLog;
}

/** Where a crash state is mounted, or why the kernel refuses to. */
export type Seen = { directory: string } | { refusal: string };

/**
 * Builds the disk of each state, has the kernel mount it and replay its journal, and lets `look` see it. One state at a
 * time: all of them have the recording's UUID, and btrfs mistakes one device for the other when two with the same UUID
 * come and go.
 *
 * @param kept where the image of the last state is kept, as it was before the mount.
 */
export async function lookInto(
  workspace: Workspace,
  { mount, baseImage, log }: WatchedDisk,
  states: readonly CrashState[],
  kept: string | undefined,
  look: (state: CrashState, seen: Seen) => void,
): Promise<void> {
  const path = workspace.path('state.img');
  await makeImage(path, diskSizeOf(mount));
  const image = new StateImage(path, baseImage, diskSizeOf(mount), log, untornOf(mount));
  let disk = await attachDisk(mount, path);
  const directory = workspace.path('state');
  await mkdir(directory);
  const shell = new CommandShell();
  for (const state of states) {
    image.become(state);
    if (kept !== undefined) await command('cp', '--sparse=always', path, kept);
    let refusal = await mountAfterCrash(shell, disk, directory);
    if (refusal !== undefined) {
      // The bytes decide. What a device refuses once only, because somebody has it open or memory is short, is the
      // lab's affair; it is said, not counted.
      await detachDisk(disk);
      disk = await attachDisk(mount, path);
      image.become(state);
      const first = refusal;
      refusal = await mountAfterCrash(shell, disk, directory);
      if (refusal === undefined) console.warn(`${formatState(state)} was refused once only: ${first}`);
    }
    if (refusal !== undefined) {
      look(state, { refusal });
      continue;
    }
    look(state, { directory });
    const { status, output } = await shell.run('umount', '--no-mtab', directory);
    if (status !== 0) throw new Error(output);
    await released(disk.device);
  }
  shell.close();
  await detachDisk(disk);
  image.close();
  await rmdir(directory);
  await rm(path);
}

/** Mounts the device as its users' machines would after the crash; returns why that is refused, if it is. */
async function mountAfterCrash(
  shell: CommandShell,
  { device, mount: { format, mount, repair = [] } }: AttachedDisk,
  directory: string,
): Promise<string | undefined> {
  for (const [tool = '', ...args] of repair) {
    // fsck(8): 1 means that everything it found is mended. What no repair mends, the mount will tell.
    if ((await shell.run(tool, ...args, device)).status <= 1) break;
  }
  const options = mount ? ['-o', mount] : [];
  const { status, output } = await shell.run(
    'mount',
    '--no-mtab',
    '-t',
    format,
    ...options,
    device,
    directory,
  );
  return status === 0 ? undefined : output;
}
