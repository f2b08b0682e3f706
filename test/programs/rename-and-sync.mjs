// Replaces one entry of a directory again and again, and makes each rename durable. Prints the number of
// renames that were reported durable before the disk was flushed once.
//   arguments: operation, directory, the kernel's file with the disk's flush count, name of the entry, rounds
//   operation: `directory` (the library's directory sync), `save`, `replaceSymlink` or `replaceDirectory`
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { promisify } from 'node:util';

const [operation, directory, statFile, name, rounds] = process.argv.slice(2);
const path = join(directory, name);
const stat = fs.openSync(statFile);
const bytes = Buffer.alloc(512);

/** Flushes that the disk has carried out (Documentation/block/stat.rst, the 16th field). */
function flushes() {
  const length = fs.readSync(stat, bytes, 0, bytes.length, 0);
  return Number(bytes.toString('latin1', 0, length).trim().split(/\s+/)[15]);
}

/** Flushes before the rename. A rename cannot be durable while the number is still the same. */
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

const operations = {
  directory: () => renameAndSync(() => syncDirectory(directory)),
  save: () => save(path, 'content'),
  replaceSymlink: () => replaceSymlink('target', path),
  replaceDirectory: async () => {
    await fs.promises.mkdir(`${path}.staged`);
    await replaceDirectory(`${path}.staged`, path);
  },
};

if (operation === 'replaceSymlink') fs.symlinkSync('target', path);
let tooEarly = 0;
for (let round = 0; round < Number(rounds); round += 1) {
  before = undefined;
  await operations[operation]();
  if (before === undefined) throw new Error('no rename was observed');
  if (flushes() === before) tooEarly += 1;
}
process.stdout.write(`${tooEarly}`);
