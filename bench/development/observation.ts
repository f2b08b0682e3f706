// Measures the cost of the diagnostics channels: saves through the observed engine, first without and then with a
// subscriber, compared with saves through the engine alone. Best run in memory, where a save costs least. The two engines
// take turns, and each is first in every other round. Prints medians in microseconds a save, and their ratio.
//   npm run bench:observation -- [directory in memory] [rounds] [saves a round]
import { subscribe } from 'node:diagnostics_channel';
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { loadAddon } from '../../src/addon/addon.js';
import { requestOf } from '../../src/api/save.js';
import { NativeEngine } from '../../src/engine/native/native-engine.js';
import { ObservedEngine } from '../../src/engine/observed-engine.js';

const [directory = '/dev/shm', rounds = '301', saves = '100'] = process.argv.slice(2);
const place = mkdtempSync(join(directory, 'indelible-bench-'));
const data = Buffer.alloc(4096, 'x');
const alone = new NativeEngine(loadAddon());
const observed = new ObservedEngine(alone);
const listener = (): void => undefined;

const engines = [alone, observed];

const forms = {
  saveSync: (engine: typeof alone | typeof observed, path: string) => {
    engine.saveSync(requestOf(path, data, undefined));
  },
  save: (engine: typeof alone | typeof observed, path: string) =>
    engine.save(requestOf(path, data, undefined)),
};

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

type Form = (typeof forms)[keyof typeof forms];

/** @returns the medians of the engine alone and of the observed engine. */
async function compare(save: Form): Promise<number[]> {
  const times = engines.map((): number[] => []);
  for (let round = 0; round < Number(rounds); round += 1) {
    for (let turn = 0; turn < engines.length; turn += 1) {
      const index = (round + turn) % engines.length;
      const engine = engines[index] ?? alone;
      const begin = performance.now();
      for (let done = 0; done < Number(saves); done += 1) await save(engine, join(place, 'file'));
      times[index]?.push(((performance.now() - begin) * 1000) / Number(saves));
    }
  }
  return times.map(median);
}

try {
  for (const subscribers of [0, 1]) {
    // Never unsubscribed: the first comparison runs in a process that has never had a subscriber.
    if (subscribers === 1) subscribe('indelible:save:end', listener);
    for (const [form, save] of Object.entries(forms)) {
      const [plain = Number.NaN, watched = Number.NaN] = await compare(save);
      const [from, to] = [plain, watched].map((time) => time.toFixed(1));
      const ratio = (watched / plain).toFixed(3);
      process.stdout.write(`${form}, ${subscribers} subscribers: ${from} -> ${to} us, ratio ${ratio}\n`);
    }
  }
} finally {
  rmSync(place, { recursive: true });
}
