import { closeSync, fdatasyncSync, fsyncSync, openSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Contender } from 'indelible/contender';

function save(path: string, bytes: Uint8Array): void {
  const temporary = `${path}.tmp`;
  const file = openSync(temporary, 'wx');
  writeFileSync(file, bytes);
  fdatasyncSync(file);
  closeSync(file);
  renameSync(temporary, path);
  const directory = openSync(dirname(path), 'r');
  fsyncSync(directory);
  closeSync(directory);
}

export default {
  name: 'textbook, sync',
  description: 'the same by hand through the synchronous fs',
  durability: 'durable',
  package: 'node',
  fullDisk: 'litter',
  crashed: 'textbook',
  minor: true,
  save,
} satisfies Contender;
