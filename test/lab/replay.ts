import { readFileSync } from 'node:fs';
import { mkdir, rm, rmdir } from 'node:fs/promises';
import { type AttachedDisk, attachDisk, detachDisk, diskSizeOf } from './attached-disk.js';
import { type BlockLog, parseBlockLog } from './block-log.js';
import { attempt, command } from './command.js';
import { type CrashState, chooseStates, everyState, formatState, type Systematic } from './crash-states.js';
import { makeImage, released } from './filesystems.js';
import { History } from './history.js';
import { type Fault, judge } from './judge.js';
import { RecoveryGuest } from './kernels/recovery.js';
import { mountAtOnce, unmountAtOnce } from './mounter.js';
import { type LabMount, untornOf } from './mounts.js';
import type { Recording } from './recording.js';
import { StateImage } from './state-image.js';
import type { Workspace } from './workspace.js';

/** A crash state that was mounted and read. */
export interface JudgedState {
  state: CrashState;
  faults: readonly Fault[];
}

/** Most pending requests of which every subset is crashed. */
const MOST_PENDING = 8;

/** The states of a recording that a seed chooses. */
export function statesOf(recording: Recording, count: number, seed: number): CrashState[] {
  const { requests } = parseBlockLog(readFileSync(recording.log));
  return chooseStates(requests, new History(recording.events), count, seed);
}

/** Every state of a recording. */
export function everyStateOf(recording: Recording): Systematic {
  const { requests } = parseBlockLog(readFileSync(recording.log));
  return everyState(requests, new History(recording.events), MOST_PENDING);
}

/**
 * Crashes a recording in the given states and judges the files of each.
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
  await mountEach(workspace, { ...recording, log }, states, kept, (state, mounted) => {
    const faults: Fault[] =
      'refusal' in mounted
        ? [{ kind: 'unmountable', file: '', detail: mounted.refusal }]
        : judge(mounted.directory, history, state.position);
    judged.push({ state, faults });
  });
  return judged;
}

/** A disk whose requests were logged. */
export interface LoggedDisk {
  mount: LabMount;
  baseImage: string;
  log: BlockLog;
}

/** Where a crash state is mounted, or why the kernel refuses to mount it. */
export type MountedState = { directory: string } | { refusal: string };

/**
 * Builds the disk of each state, has the kernel mount it and replay its journal, and calls `look`. If another kernel
 * recovers the states, it does so before the running one mounts them. One state at a time: all of them have the recording's UUID, and btrfs confuses two devices with the same UUID.
 *
 * @param kept where the image of the last state is kept, as it was before the mount.
 */
export async function mountEach(
  workspace: Workspace,
  { mount, baseImage, log }: LoggedDisk,
  states: readonly CrashState[],
  kept: string | undefined,
  look: (state: CrashState, mounted: MountedState) => void,
): Promise<void> {
  const path = workspace.path('state.img');
  await makeImage(path, diskSizeOf(mount));
  const image = new StateImage(path, baseImage, diskSizeOf(mount), log, untornOf(mount));
  let disk = await attachDisk(mount, path);
  const directory = workspace.path('state');
  await mkdir(directory);
  const { recoveredBy } = mount;
  const guest = recoveredBy && new RecoveryGuest(workspace, recoveredBy, mount, path);
  for (const state of states) {
    image.become(state);
    if (kept !== undefined) await command('cp', '--sparse=always', path, kept);
    let refusal = await mountAfterCrash(disk, directory, guest);
    if (refusal !== undefined) {
      // Only the bytes count. A mount that fails once, because another process has the device open or memory
      // is short, is a problem of the lab: it is printed, not counted.
      await detachDisk(disk);
      disk = await attachDisk(mount, path);
      image.become(state);
      const first = refusal;
      refusal = await mountAfterCrash(disk, directory, guest);
      if (refusal === undefined) console.warn(`${formatState(state)} was refused once: ${first}`);
    }
    if (refusal !== undefined) {
      look(state, { refusal });
      continue;
    }
    look(state, { directory });
    await unmountAtOnce(directory);
    await released(disk.device);
  }
  await guest?.end();
  await detachDisk(disk);
  image.close();
  await rmdir(directory);
  await rm(path);
}

/** Mounts the device as a machine would after the crash. Returns the reason if the mount fails. */
async function mountAfterCrash(
  { device, mount: { format, mount = '', repair = [] } }: AttachedDisk,
  directory: string,
  guest: RecoveryGuest | undefined,
): Promise<string | undefined> {
  for (const [tool = '', ...args] of repair) {
    // fsck(8): 1 means that all errors were corrected. If no repair succeeds, the mount fails.
    if ((await attempt(tool, ...args, device)).status <= 1) break;
  }
  const refusal = await guest?.recover();
  if (refusal !== undefined) return refusal;
  return mountAtOnce(device, directory, format, mount);
}
