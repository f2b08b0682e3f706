import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { statfsSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { createInterface } from 'node:readline';
import { attachDisk, detachDisk, diskSizeOf, formatDisk } from './attached-disk.js';
import { loggedImage, serveBlocks } from './block-server.js';
import { command, SYSTEM_PATH } from './command.js';
import { makeImage, mountDevice, released, unmount } from './filesystems.js';
import type { StampedEvent } from './history.js';
import { runInGuest } from './kernels/guest.js';
import type { LabMount } from './mounts.js';
import { PROJECT_ROOT } from './project-root.js';
import { BALLAST_FILE, Volume } from './scenario.js';
import type { ScenarioTask } from './scenario-process.js';
import type { RecordingOptions } from './subjects.js';
import type { Workspace } from './workspace.js';

const PRIVATE_MOUNTS = join(PROJECT_ROOT, 'test/lab/private-mounts.sh');

/** A scenario's run on a disk whose requests were logged. */
export interface Recording {
  mount: LabMount;
  /** The disk as it was before the run. */
  baseImage: string;
  /** The log of the disk's requests since then; see block-log.ts. */
  log: string;
  events: readonly StampedEvent[];
}

/**
 * Runs a scenario on a new filesystem whose disk logs every write and every flush. The disk is an NBD export
 * of QEMU's `blklogwrites` driver. A flush of the loop device above it becomes an fsync of a FUSE file, then
 * an NBD flush. For a kernel other than the running one, the same driver is the disk of a virtual machine.
 *
 * @throws if the scenario's process fails; its error output goes to this one's.
 */
export async function record(workspace: Workspace, options: RecordingOptions): Promise<Recording> {
  const { mount } = options;
  const events: StampedEvent[] = [];
  const baseImage = workspace.path('base.img');
  await prepare(workspace, options, baseImage, events);

  const image = workspace.path('recorded.img');
  const log = workspace.path('log.img');
  await command('cp', '--sparse=always', baseImage, image);
  await makeImage(log, 0);
  const logged = loggedImage(image, log);
  if (mount.kernel !== undefined) {
    events.push(...(await runInGuest(workspace, mount.kernel, options, logged, log)));
    return { mount, baseImage, log, events };
  }
  const disk = await serveBlocks(workspace.path('recorded'), [
    'qemu-nbd',
    '--discard=unmap',
    '--image-opts',
    logged,
  ]);
  const attached = await attachDisk(mount, disk);
  const { directory } = await mountDevice(workspace, 'recording', attached.mount, attached.device);
  events.push(...(await runScenario(workspace, options, directory, log)));
  await unmount(directory);
  await released(attached.device);
  await detachDisk(attached);
  await unmount(disk);
  return { mount, baseImage, log, events };
}

async function prepare(
  workspace: Workspace,
  { mount, subject: { scenario } }: RecordingOptions,
  image: string,
  events: StampedEvent[],
): Promise<void> {
  await makeImage(image, diskSizeOf(mount));
  const disk = await attachDisk(mount, image);
  await formatDisk(disk);
  const { directory } = await mountDevice(workspace, 'preparation', disk.mount, disk.device);
  scenario.prepare?.(new Volume(directory, (event) => events.push({ ...event, at: 0 })));
  if (mount.free !== undefined) fill(directory, mount.free);
  await unmount(directory);
  await detachDisk(disk);
}

/** Fills the volume so that `free` bytes remain. */
function fill(directory: string, free: number): void {
  const { bavail, bsize } = statfsSync(directory);
  writeFileSync(join(directory, BALLAST_FILE), Buffer.alloc(bavail * bsize - free, 'ballast'));
}

async function runScenario(
  workspace: Workspace,
  { subject: { name, role, module }, pressure, seed }: RecordingOptions,
  directory: string,
  log: string,
): Promise<StampedEvent[]> {
  const group = basename(workspace.directory);
  const task: ScenarioTask = {
    ...{ role, name, directory, log, pressure, group, seed },
    ...(module !== undefined && { module }),
  };
  const program = new URL('./scenario-process.js', import.meta.url).pathname;
  const inNamespace = ['--mount', '--propagation', 'private', 'sh', PRIVATE_MOUNTS, workspace.directory];
  const child = spawn('unshare', [...inNamespace, process.execPath, program, JSON.stringify(task)], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, PATH: SYSTEM_PATH },
  });
  const ended = once(child, 'close');
  const events: StampedEvent[] = [];
  for await (const line of createInterface(child.stdout)) events.push(JSON.parse(line));
  const [code, signal] = await ended;
  if (code !== 0) throw new Error(`the scenario's process ended with ${signal ?? `status ${code}`}`);
  return events;
}
