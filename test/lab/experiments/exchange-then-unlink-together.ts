import { rename, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { FileToSave } from 'indelible';
import { RENAME_EXCHANGE, renameat2 } from 'indelible/primitives';
import { savedTogether } from '../save-together.js';
import type { Scenario } from '../scenario.js';
import { syncDirectoryOf, writeTemporary } from '../textbook.js';

const scenario: Scenario = {
  ...savedTogether('many files: fdatasync, exchange, fsync of each directory, unlink', async (files) => {
    const temporaries = await Promise.all(files.map(write));
    const kept: string[] = [];
    for (const [index, { path }] of files.entries()) {
      const temporary = temporaries[index];
      if (temporary === undefined) throw new Error('a file has no temporary');
      await renameat2(temporary, String(path), RENAME_EXCHANGE).then(
        () => kept.push(temporary),
        async (error) => {
          if (error.code !== 'ENOENT') throw error;
          await rename(temporary, String(path));
        },
      );
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
