import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import type { Call } from '../../../docs/see-it-work/recordings.js';
import { settingsText } from '../../../docs/see-it-work/settings-file.js';
import { SYSTEM_PATH } from '../command.js';
import {
  attachLoop,
  detachLoop,
  format,
  makeImage,
  mountDevice,
  released,
  sizeOf,
  unmount,
} from '../filesystems.js';
import type { LabMount } from '../mounts.js';
import { PROJECT_ROOT } from '../project-root.js';
import { serveSlowDisk } from '../slow-disk/slow-disk.js';
import type { Workspace } from '../workspace.js';
import { SETTINGS_FILE, WARM_UP_FILE } from './files.js';
import type { Reading } from './reading-process.js';
import { parseRequestLog, type TimedLog } from './request-log.js';
import { callsAbout, eventsOf, TRACED } from './saver-calls.js';
import type { SavingEvent, SavingTask } from './saving-process.js';
import { parseTimedCalls } from './timed-calls.js';

const PRIVATE_MOUNTS = join(PROJECT_ROOT, 'test/lab/private-mounts.sh');

/** One recorded save. Times are in microseconds since 1970. */
export interface RawRun {
  /** When the recording began, the save was called, was settled, and the recording ended. */
  began: number;
  called: number;
  settled: number;
  ended: number;
  rejected?: string;
  calls: readonly Call[];
  /** The log of the disk's requests since it was attached. */
  log: TimedLog;
  readings: readonly Reading[];
}

export interface RunOptions {
  mount: LabMount;
  /** Made by `prepareBase`. */
  baseImage: string;
  recipe: string;
  beside: boolean;
  seed: number;
  flushMilliseconds: number;
}

/** Makes a disk whose filesystem has the old version, durably. */
export async function prepareBase(workspace: Workspace, mount: LabMount, image: string): Promise<void> {
  await makeImage(image, sizeOf(mount));
  const device = await attachLoop(image);
  await format(mount, device);
  const { directory } = await mountDevice(workspace, 'preparation', mount, device);
  for (const name of [SETTINGS_FILE, WARM_UP_FILE]) writeFileSync(join(directory, name), settingsText('old'));
  await unmount(directory);
  await released(device);
  await detachLoop(device);
  rmSync(directory, { recursive: true });
}

/**
 * Records one save: its system calls, the disk's requests, and what another process reads at the same time.
 */
export async function recordRun(workspace: Workspace, options: RunOptions): Promise<RawRun> {
  const { mount, baseImage } = options;
  const requests = workspace.path('requests.log');
  const disk = await serveSlowDisk(workspace, 'disk', sizeOf(mount), options.flushMilliseconds, {
    image: baseImage,
    log: requests,
  });
  const device = await attachLoop(disk);
  const { directory } = await mountDevice(workspace, 'recording', mount, device);
  const otherFilesystem = workspace.path('other-filesystem');
  mkdirSync(otherFilesystem);

  const reader = spawn(process.execPath, [program('reading-process'), join(directory, SETTINGS_FILE)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface(reader.stdout)[Symbol.asyncIterator]();
  await lines.next();
  const trace = workspace.path('strace.log');
  const events = await runUnderStrace(workspace, trace, { ...options, directory, otherFilesystem });
  reader.stdin.end();
  const readings = JSON.parse((await lines.next()).value) as Reading[];

  await unmount(directory);
  await released(device);
  await detachLoop(device);
  await unmount(disk);
  const log = parseRequestLog(readFileSync(requests));
  const traced = parseTimedCalls(readFileSync(trace, 'utf8'));
  for (const path of [directory, otherFilesystem, trace, requests, disk, `${disk}.pid`])
    rmSync(path, { recursive: true });

  const stamps = new Map(eventsOf(traced).map(({ event, at }) => [event, at]));
  const stampOf = (...names: SavingEvent['event'][]) => {
    const stamp = names.map((name) => stamps.get(name)).find((at) => at !== undefined);
    if (stamp === undefined) throw new Error(`strace has not logged the event ${names.join(' or ')}`);
    return stamp;
  };
  const [began, called, ended] = [stampOf('began'), stampOf('saving'), stampOf('ended')];
  const rejection = events.find((event) => event.event === 'rejected');
  const mainThread = traced.find(({ start }) => start === began)?.thread ?? 0;
  return {
    began,
    called,
    settled: stampOf('resolved', 'rejected'),
    ended,
    ...(rejection === undefined ? {} : { rejected: rejection.error }),
    calls: callsAbout(
      traced,
      { volume: directory, otherFilesystem },
      { begin: began, end: ended, mainThread },
    ),
    log,
    readings,
  };
}

async function runUnderStrace(
  workspace: Workspace,
  trace: string,
  { recipe, beside, seed, directory, otherFilesystem }: SavingTask,
): Promise<SavingEvent[]> {
  const task: SavingTask = { recipe, beside, seed, directory, otherFilesystem };
  const child = spawn(
    'unshare',
    [
      ...['--mount', '--propagation', 'private', 'sh', PRIVATE_MOUNTS, workspace.directory],
      ...['strace', '-f', '--seccomp-bpf', '-ttt', '-T', '-y', '-s', '32', '-o', trace],
      ...[
        '-e',
        `trace=${TRACED.join(',')}`,
        process.execPath,
        program('saving-process'),
        JSON.stringify(task),
      ],
    ],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, PATH: SYSTEM_PATH, INDELIBLE_ENGINE: 'native' },
    },
  );
  const ended = once(child, 'close');
  const lines = (await text(child.stdout)).trim().split('\n');
  const [code, signal] = await ended;
  if (code !== 0) throw new Error(`the saving process ended with ${signal ?? `status ${code}`}`);
  return lines.map((line) => JSON.parse(line) as SavingEvent);
}

function program(name: string): string {
  return new URL(`./${name}.js`, import.meta.url).pathname;
}
