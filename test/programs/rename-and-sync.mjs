// node rename-and-sync.mjs HOW DIRECTORY STAT NAME ROUNDS: replaces the file NAME in DIRECTORY over and over and makes each
// rename durable. STAT is the file in which the kernel counts the disk's flushes. Prints how many renames were called
// durable before the disk had been flushed once. HOW: `directory` (the library's sync of a directory), `save`, `replaceSymlink`
// or `replaceDirectory`.
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { promisify } from 'node:util';

const [how, directory, statFile, name, rounds] = process.argv.slice(2);
const path = join(directory, name);
const stat = fs.openSync(statFile);
const bytes = Buffer.alloc(512);

/** Flushes that the disk has carried out (Documentation/block/stat.rst, the 16th field). */
function flushes() {
  const length = fs.readSync(stat, bytes, 0, bytes.length, 0);
  return Number(bytes.toString('latin1', 0, length).trim().split(/\s+/)[15]);
}

/** Flushes before the rename: if there are no more when it is called durable, it cannot be. */
let before;
const rename = fs.rename;
fs.rename = (from, to, callback) => {
  before = flushes();
  rename(from, to, callback);
};
syncBuiltinESMExports();
const { replaceDirectory, replaceSymlink, save } = await import('indelible');
const { syncDirectory } = await import('indelible/primitives');

async function renameAndSync(sync) {
  const temporary = `${path}.temporary`;
  const file = await fs.promises.open(temporary, 'w');
  await file.writeFile('content');
  await file.datasync();
  await file.close();
  await promisify(fs.rename)(temporary, path);
  await sync();
}

const ways = {
  directory: () => renameAndSync(() => syncDirectory(directory)),
  save: () => save(path, 'content'),
  replaceSymlink: () => replaceSymlink('target', path),
  replaceDirectory: async () => {
    await fs.promises.mkdir(`${path}.staged`);
    await replaceDirectory(`${path}.staged`, path);
  },
};

if (how === 'replaceSymlink') fs.symlinkSync('target', path);
let tooEarly = 0;
for (let round = 0; round < Number(rounds); round += 1) {
  before = undefined;
  await ways[how]();
  if (before === undefined) throw new Error('the rename was not seen');
  if (flushes() === before) tooEarly += 1;
}
process.stdout.write(`${tooEarly}`);
