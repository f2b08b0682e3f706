// Tries to create file0, file1, ... in a directory, each only if it does not exist. Prints the names of the
// files that it created as JSON.
//   arguments: directory, content, number of files
import { join } from 'node:path';
import { save } from '../../dist/index.js';

const [directory, content, count] = process.argv.slice(2);
const names = Array.from({ length: Number(count) }, (_, index) => `file${index}`);
const created = await Promise.all(
  names.map(async (name) => {
    try {
      await save(join(directory, name), content, { ifExists: 'fail' });
      return [name];
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
      return [];
    }
  }),
);
console.log(JSON.stringify(created.flat()));
