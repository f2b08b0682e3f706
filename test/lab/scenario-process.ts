/**
 * Runs one scenario in a process of its own and prints each event as a line of JSON. If this process can see
 * the log, it stamps the event with the number of requests that the disk has completed. If it cannot, the lab
 * stamps each line and answers with one byte.
 *
 *   node scenario-process.js '{"role": …, "name": …, "directory": …, "log": …, "pressure": …, "group": …, "seed": …}'
 *   node scenario-process.js FIFO
 *
 * With a FIFO, it loads everything, prints a line, waits until the volume is mounted, which somebody writes to the FIFO,
 * and reads the task from standard input.
 */
import { once } from 'node:events';
import { readFileSync, readSync, writeSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { save } from 'indelible';
import { RequestCounter } from './block-log.js';
import type { CommitterData } from './committer.js';
import type { LabEvent } from './history.js';
import type { MemoryPressureData } from './memory-pressure.js';
import { EARLIER_FILE, UNRELATED_FILE, Volume } from './scenario.js';
import { loadGuestTables, loadScenario, type Role } from './subjects.js';

export interface ScenarioTask {
  role: Role;
  name: string;
  /** The file of a given module. */
  module?: string;
  /** Where the volume is mounted. */
  directory: string;
  /** The block log. A process in a virtual machine cannot see it. */
  log?: string;
  pressure: boolean;
  /** See `MemoryPressureData`. */
  group?: string;
  seed: number;
}

/** How long the committer continues after the last save, in milliseconds, so that crashes can follow it. */
const AFTERMATH = 40;
const STDIN = 0;
const STDOUT = 1;
/** See `GuestSnapshot`. */
const READY = 'ready';
/** Three syncs show the native engine that an ext4 does not use fast commits (docs/inspect.md). */
const EARLIER_SAVES = 4;

const pause = new Int32Array(new SharedArrayBuffer(4));
const workers = new Map<string, Worker>();

const [, , argument = ''] = process.argv;
const task = JSON.parse(argument.startsWith('{') ? argument : await waitForTask(argument)) as ScenarioTask;
const counter = task.log === undefined ? undefined : new RequestCounter(task.log);
const report = (event: LabEvent) => {
  const stamped = counter === undefined ? event : { ...event, at: counter.now() };
  writeAll(Buffer.from(`${JSON.stringify(stamped)}\n`));
  // The scenario waits until the lab has read the log, so that the stamp is as close as one from this
  // process.
  if (counter === undefined) readSync(STDIN, Buffer.alloc(1));
};

// The lab holds the other end of standard input. When the lab ends or is killed, this process must release
// the volume. A virtual machine ends with the lab, and there standard input carries the answers to the
// events.
if (counter !== undefined) process.stdin.on('end', () => process.exit(1)).resume();

const scenario = await loadScenario(task);
// The library reads it at its first use.
process.env.INDELIBLE_ENGINE = scenario.engine ?? 'native';
const volume = new Volume(task.directory, report);
if (!scenario.alone) {
  const committer = await start('./committer.js');
  committer.postMessage({ file: volume.path(UNRELATED_FILE), seed: task.seed } satisfies CommitterData);
}
if (task.pressure && !scenario.alone) {
  const { directory, group } = task;
  const pressure = await start('./memory-pressure.js');
  pressure.postMessage({
    directory,
    ...(group !== undefined && { group }),
  } satisfies MemoryPressureData);
}
if (!scenario.firstSaves) {
  for (let earlier = 0; earlier < EARLIER_SAVES; earlier++) {
    await save(volume.path(EARLIER_FILE), String(earlier));
  }
}
report({ event: 'began' });
await scenario.run(volume);
await sleep(AFTERMATH);
report({ event: 'ended' });
process.exit(0);

/** Loads all that a scenario may need, and returns the task when it is known. */
async function waitForTask(mounted: string): Promise<string> {
  await Promise.all([loadGuestTables(), start('./committer.js'), start('./memory-pressure.js')]);
  writeAll(Buffer.from(`${READY}\n`));
  readFileSync(mounted);
  let line = '';
  const byte = Buffer.alloc(1);
  while (readSync(STDIN, byte) > 0 && byte.toString() !== '\n') line += byte.toString();
  return line;
}

/** Writes all bytes. The lab may be slower than the scenario, and the pipe is non-blocking (pipe(7)). */
function writeAll(line: Buffer): void {
  for (let rest = line; rest.length > 0; ) {
    try {
      rest = rest.subarray(writeSync(STDOUT, rest));
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EAGAIN')) throw error;
      Atomics.wait(pause, 0, 0, 1);
    }
  }
}

/** Starts a worker thread, at most once. It does nothing until it is sent its task. */
async function start(module: './committer.js' | './memory-pressure.js'): Promise<Worker> {
  const started = workers.get(module);
  if (started !== undefined) return started;
  // The disturbances sync the filesystem with the addon, also where the scenario is without it.
  const env = { ...process.env, INDELIBLE_ENGINE: 'native' };
  const worker = new Worker(new URL(module, import.meta.url), { env });
  worker.on('error', (error) => {
    throw error;
  });
  workers.set(module, worker);
  await once(worker, 'message');
  return worker;
}
