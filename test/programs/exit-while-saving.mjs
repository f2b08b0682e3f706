// Starts saves to the files of a directory and exits with code 7 after a number of turns of the event loop.
//   arguments: directory, number of turns
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { save } from '../../dist/index.js';
import { contentOf } from './version.mjs';

const [directory, turns] = process.argv.slice(2);
for (let index = 0; index < 40; index += 1) {
  save(join(directory, `file${index % 20}`), contentOf(index + 50)).catch(() => {});
}
for (let turn = 0; turn < Number(turns); turn += 1) await nextTurn();
process.exit(7);
