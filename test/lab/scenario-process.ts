/**
 * Runs one scenario in a process of its own and prints each event as a line of JSON, stamped with the number of
 * requests that the disk has carried out if it can see the log. If it cannot, the lab stamps each line and answers it
 * with one byte.
 *
 *   node scenario-process.js '{"module": …, "directory": …, "log": …, "pressure": …, "seed": …}'
 */
import { readSync, writeSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { save } from 'indelible';
import { RequestCounter } from './block-log.js';
import type { CommitterData } from './committer.js';
import type { LabEvent } from './history.js';
import type { MemoryPressureData } from './memory-pressure.js';
import { EARLIER_FILE, type Scenario, UNRELATED_FILE, Volume } from './scenario.js';

export interface ScenarioOrder {
  /** URL of the scenario's module. */
  module: string;
  /** Where the volume is mounted. */
  directory: string;
  /** The block log, where this process can see it; in a virtual machine it cannot. */
  log?: string;
  pressure: boolean;
  seed: number;
}

/** How long the committer goes on after the last save, in milliseconds, so that crashes follow that one too. */
const AFTERMATH = 40;
const STDIN = 0;
const STDOUT = 1;
/** Three syncs show the native engine that an ext4 makes no fast commits (docs/inspect.md). */
const EARLIER_SAVES = 4;

const pause = new Int32Array(new SharedArrayBuffer(4));

const order = JSON.parse(process.argv[2] ?? '') as ScenarioOrder;
const counter = order.log === undefined ? undefined : new RequestCounter(order.log);
const report = (event: LabEvent) => {
  const stamped = counter === undefined ? event : { ...event, at: counter.now() };
  writeAll(Buffer.from(`${JSON.stringify(stamped)}\n`));
  // Nothing more is saved until the lab has looked at the log, so that its stamp is as close as one from here.
  if (counter === undefined) readSync(STDIN, Buffer.alloc(1));
};

// The lab holds the other end of standard input; when it dies, however it dies, the volume must become free. A virtual
// machine dies with the lab, and there the answers to the reports come from standard input.
if (counter !== undefined) process.stdin.on('end', () => process.exit(1)).resume();

const { default: scenario } = (await import(order.module)) as { default: Scenario };
const volume = new Volume(order.directory, report);
await start('./committer.js', {
  file: volume.path(UNRELATED_FILE),
  seed: order.seed,
} satisfies CommitterData);
if (order.pressure) {
  await start('./memory-pressure.js', { directory: order.directory } satisfies MemoryPressureData);
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

/** The lab may be slower than the scenario, and the pipe to it does not block (pipe(7)). */
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

async function start(module: string, workerData: unknown): Promise<void> {
  const worker = new Worker(new URL(module, import.meta.url), { workerData });
  worker.on('error', (error) => {
    throw error;
  });
  await new Promise((resolve) => worker.once('online', resolve));
}
