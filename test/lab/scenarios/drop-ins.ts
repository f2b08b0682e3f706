import { writeFile } from 'indelible/atomically';
import { writeFile as writeFileOfFs } from 'indelible/fs/promises';
import { Writer } from 'indelible/steno';
import writeFileAtomic from 'indelible/write-file-atomic';
import type { Scenario } from '../scenario.js';
import { oneByOneDurably } from './workloads.js';

/** The library under the names of others. */
export const DROP_INS: Readonly<Record<string, Scenario>> = {
  'fs-write-file': oneByOneDurably('`writeFile` of `indelible/fs/promises`', (path, content) =>
    writeFileOfFs(path, content),
  ),
  'drop-in-write-file-atomic': oneByOneDurably('`indelible/write-file-atomic`', (path, content) =>
    writeFileAtomic(path, content),
  ),
  'drop-in-atomically': oneByOneDurably('`writeFile` of `indelible/atomically`', (path, content) =>
    writeFile(path, content),
  ),
  // A Writer is made for one path.
  'drop-in-steno': oneByOneDurably('`Writer` of `indelible/steno`', (path, content) =>
    new Writer(path).write(content),
  ),
};
