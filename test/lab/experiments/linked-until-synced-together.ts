import { link, rename, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { FileToSave } from 'indelible';
import { savedTogether } from '../save-together.js';
import type { Scenario } from '../scenario.js';
import { syncDirectoryOf, writeTemporary } from '../textbook.js';

/** As `exchange-then-unlink`, for many files in one commit, and with what Node's `fs` has: a second name by `link`. */
const scenario: Scenario = {
  ...savedTogether('many files: fdatasync, link, rename, fsync of each directory, unlink', async (files) => {
    const temporaries = await Promise.all(files.map(write));
    const kept: string[] = [];
    for (const [index, { path }] of files.entries()) {
      const temporary = temporaries[index];
      if (temporary === undefined) throw new Error('a file has no temporary');
      const name = `${temporary}-kept`;
      await link(String(path), name).then(
        () => kept.push(name),
        (error) => {
          if (error.code !== 'ENOENT') throw error;
        },
      );
      await rename(temporary, String(path));
    }
    const directories = new Set(files.map(({ path }) => dirname(String(path))));
    for (const directory of directories) await syncDirectoryOf(`${directory}/any`);
    for (const name of kept) await unlink(name);
    return files.map(() => ({ durability: 'durable' as const }));
  }),
  namedTemporaries: true,
};
export default scenario;

async function write({ path, data }: FileToSave): Promise<string> {
  if (!Buffer.isBuffer(data)) throw new TypeError('the lab gives buffers');
  return writeTemporary(String(path), data, true);
}
