/**
 * Saves to a filesystem whose server is stopped, aborts, and prints what came of it.
 *     arguments: a directory of that filesystem, a directory of a local one
 * Prints `ready`; the server must be stopped when its input has a line. Cleans up until its input ends.
 */
import { once } from 'node:events';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { createSaveStream, Saver, save, saveAll, update } from 'indelible';

/** What a stalled saver prints. */
export interface Stalled {
  /** The code of each call's error, or `resolved`, by the name of the call. */
  outcomes: Record<string, string[]>;
  /** From the signal until all had settled. */
  abortMs: number;
  /** How long a save to the local filesystem took beside them. */
  localMs: number;
}

const [stalled = '', local = ''] = process.argv.slice(2);
/** More than the library has threads. */
const SAVES = 65;
const BEFORE_THE_SIGNAL_MS = 200;

/** `saveAll` tells of every file. */
function codesOf(error: unknown): string[] {
  if (error instanceof AggregateError) return error.errors.flatMap(codesOf);
  return [String((error as { code?: unknown }).code ?? error)];
}

await Promise.all([stalled, local].map((directory) => save(join(directory, 'file'), 'old')));
console.log('ready');
await once(process.stdin, 'data');

const controller = new AbortController();
const { signal } = controller;
const numbers = [...Array(SAVES).keys()];
const saver = new Saver(join(stalled, 'saver'), { signal });
const calls: Record<string, Promise<unknown>[]> = {
  save: numbers.map((number) => save(join(stalled, `file-${number}`), 'new', { signal })),
  saveAll: [saveAll([{ path: join(stalled, 'all'), data: 'new' }], { signal })],
  createSaveStream: [finished(createSaveStream(join(stalled, 'stream'), { signal }).end('new'))],
  Saver: [saver.save('new')],
  update: [update(join(stalled, 'file'), () => 'new', { lock: 'machine', signal })],
};
const began = performance.now();
let localMs = Number.NaN;
const saving = save(join(local, 'file'), 'new').then(() => {
  localMs = performance.now() - began;
});
const settling = Promise.all(
  Object.entries(calls).map(async ([name, promises]) => {
    const settled = await Promise.allSettled(promises);
    return [
      name,
      settled.flatMap((one) => (one.status === 'fulfilled' ? 'resolved' : codesOf(one.reason))),
    ] as const;
  }),
);
await pause(BEFORE_THE_SIGNAL_MS);
const signalled = performance.now();
controller.abort();
const outcomes = Object.fromEntries(await settling);
const abortMs = performance.now() - signalled;
await saving;
console.log(JSON.stringify({ outcomes, abortMs, localMs } satisfies Stalled));
await once(process.stdin, 'end');
