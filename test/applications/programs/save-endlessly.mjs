// Saves version after version with several applications until it is killed or has saved as many as it should.
// Prints a line with the name, the file and the version when the application says that the version is saved.
//   arguments: a directory, the first version, how many versions, the applications
import { mkdirSync, writeSync } from 'node:fs';
import { join } from 'node:path';

const [directory, first, count, ...names] = process.argv.slice(2);
const stores = await Promise.all(
  names.map(async (name) => {
    const { open } = await import(`./${name}.mjs`);
    const own = join(directory, name);
    mkdirSync(own, { recursive: true });
    return { name, ...(await open(own)) };
  }),
);
const padding = 'x'.repeat(30_000);
const end = Number(first) + Number(count);
for (let version = Number(first); version < end; version += 1) {
  for (const { name, file, save } of stores) {
    await save({ version, padding });
    writeSync(1, `${JSON.stringify({ name, file, version })}\n`);
  }
}
