import { writeFile } from 'atomically';
import fastWriteAtomic from 'fast-write-atomic';
import { Writer } from 'steno';
import writeFileAtomic from 'write-file-atomic';
import type { Scenario } from '../scenario.js';
import { oneByOneDurably } from './workloads.js';

/** Other libraries, by package name. None of them says what a resolved promise means. */
export const COMPETITORS: Readonly<Record<string, Scenario>> = {
  atomically: oneByOneDurably('atomically', (path, content) => writeFile(path, content)),
  'fast-write-atomic': oneByOneDurably('fast-write-atomic', (path, content) =>
    fastWriteAtomic.promise(path, content),
  ),
  // A Writer is made for one path.
  steno: oneByOneDurably('steno', (path, content) => new Writer(path).write(content)),
  'write-file-atomic': oneByOneDurably('write-file-atomic', (path, content) =>
    writeFileAtomic(path, content),
  ),
};
