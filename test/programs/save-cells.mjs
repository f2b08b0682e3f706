// Makes the saves of a table, one after the other, and prints the outcome of each as a line of JSON. The input's
// first line is the list of cells: [{"call", "path", "options", "umask"}]. Descriptor 3 is the log of
// test/rights/recorder.c: a line "cell INDEX" goes before the states of each cell.
//
// The calls 'stream' and 'temporary' print {"holds": INDEX} while the new version is open, and wait for a line.
import { once } from 'node:events';
import { accessSync, chmodSync, constants, renameSync, statSync, writeFileSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';
import { createSaveStream, openTemporary, save, saveAll, saveSync, update } from '../../dist/index.js';

const LOG = 3;
const NEW = 'new content';
/** Plain `fs` has no lock. */
const LOCK = { lock: process.env.INDELIBLE_ENGINE === 'portable' ? 'thread' : 'machine' };

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

async function hold(index) {
  writeSync(LOG, 'held\n');
  console.log(JSON.stringify({ holds: index }));
  await lines.next();
}

const calls = {
  save: (path, options) => save(path, NEW, options),
  saveSync: (path, options) => saveSync(path, NEW, options),
  update: (path, options) => update(path, () => NEW, { ...LOCK, ...options }),
  saveAll: (path, options) =>
    saveAll([{ path, data: NEW }], options).catch(({ errors: [error] }) => {
      throw error;
    }),
  keepPrevious: (path, options) => save(path, NEW, { ...options, keepPrevious: `${path}~` }),
  stream: async (path, options, index) => {
    const stream = createSaveStream(path, options);
    const failure = once(stream, 'error').then(([error]) => Promise.reject(error));
    const settled = (begin) =>
      new Promise((resolve, reject) => begin((error) => (error ? reject(error) : resolve())));
    await Promise.race([settled((done) => stream.write(NEW, done)), failure]);
    await hold(index);
    await Promise.race([settled((done) => stream.end(done)), failure]);
  },
  temporary: async (path, options, index) => {
    const file = await openTemporary(dirname(path));
    try {
      writeSync(file.fd, NEW);
      await hold(index);
      await file.replace(path, options);
    } finally {
      await file.close();
    }
  },
  link: async (path, options, index) => {
    const file = await openTemporary(dirname(path), options);
    try {
      writeSync(file.fd, NEW);
      await hold(index);
      await file.link(path);
    } finally {
      await file.close();
    }
  },
  // What `fs` does. For new files it is the measure.
  writeFile: (path) => writeFileSync(path, NEW),
  // A saver that does what many do. The judge must find it guilty.
  naive: (path) => {
    writeFileSync(`${path}.new`, NEW);
    chmodSync(`${path}.new`, statSync(path).mode);
    renameSync(`${path}.new`, path);
  },
};

function mayRead(path) {
  try {
    accessSync(path, constants.R_OK);
    return true;
  } catch {
    return false;
  }
}

const { value } = await lines.next();
for (const [index, { call, path, options, umask }] of JSON.parse(value).entries()) {
  const readable = mayRead(path);
  process.umask(umask);
  writeSync(LOG, `cell ${index}\n`);
  try {
    await calls[call](path, options, index);
    console.log(JSON.stringify({ saved: true, readable }));
  } catch ({ code, syscall, published, message }) {
    console.log(JSON.stringify({ error: { code, syscall, published, message }, readable }));
  }
  writeSync(LOG, 'over\n');
}
process.exit();
