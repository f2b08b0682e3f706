// Saves many files concurrently.
//   arguments: directory, number of files
import { join } from 'node:path';
import { save } from '../../dist/index.js';

const [directory, count] = process.argv.slice(2);
await Promise.all(
  Array.from({ length: Number(count) }, (_, index) =>
    save(join(directory, `file${index}`), `${index}`, { durability: 'none' }),
  ),
);
