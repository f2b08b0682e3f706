import { open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Contender } from 'indelible/contender';

async function save(path: string, bytes: Uint8Array): Promise<void> {
  const temporary = `${path}.tmp`;
  const file = await open(temporary, 'wx');
  await file.writeFile(bytes);
  await file.datasync();
  await file.close();
  await rename(temporary, path);
  const directory = await open(dirname(path));
  await directory.sync();
  await directory.close();
}

export default {
  name: 'textbook, async',
  description: "by hand through Node's fs/promises: write, fdatasync, rename, fsync of the directory",
  durability: 'durable',
  package: 'node',
  fullDisk: 'litter',
  crashed: 'textbook',
  save,
} satisfies Contender;
