// Saves version after version to the files of a directory until it is killed. Prints a line when the first
// ones are saved.
//   argument: directory
import { join } from 'node:path';
import { save, saveSync } from '../../dist/index.js';
import { contentOf } from './version.mjs';

const [directory] = process.argv.slice(2);
const files = ['one', 'two', 'three'].map((name) => join(directory, name));

for (let version = 1; ; version += 1) {
  await Promise.all(files.map((file) => save(file, contentOf(version), { durability: 'ordered' })));
  saveSync(join(directory, 'four'), contentOf(version), { durability: 'none' });
  if (version === 1) console.log('saving');
}
