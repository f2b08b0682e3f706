import { writeFile } from 'atomically';
import fastWriteAtomic from 'fast-write-atomic';
import { Writer } from 'steno';
import writeFileAtomic from 'write-file-atomic';
import type { Scenario } from '../scenario.js';
import { oneByOne } from './workloads.js';

/** Other libraries, by package name. */
export const COMPETITORS: Readonly<Record<string, Scenario>> = {
  atomically: competitor('atomically', (path, content) => writeFile(path, content)),
  'fast-write-atomic': competitor('fast-write-atomic', (path, content) =>
    fastWriteAtomic.promise(path, content),
  ),
  // A Writer is made for one path.
  steno: competitor('steno', (path, content) => new Writer(path).write(content)),
  'write-file-atomic': competitor('write-file-atomic', (path, content) => writeFileAtomic(path, content)),
};

/** None of them says what a resolved promise means, so it is taken as the promise of durability. */
function competitor(name: string, save: (path: string, content: Buffer) => Promise<void>): Scenario {
  return oneByOne(name, async (path, content) => {
    await save(path, content);
    return { durability: 'durable' };
  });
}
