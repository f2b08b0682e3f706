// Calls functions of the library, and prints the outcomes as JSON. Runs under Node's permission model.
//   argument: JSON of an array of calls: {"call", "arguments"}
import { inspect } from 'node:util';
import {
  createSaveStream,
  exchange,
  openTemporary,
  renameExclusive,
  replaceDirectory,
  replaceSymlink,
  save,
  saveAll,
  saveAllSync,
  saveSync,
  sweep,
  update,
  updateSync,
} from '../../dist/index.js';
import { linkat, renameat2 } from '../../dist/primitives.js';

const calls = {
  ...{ exchange, linkat, renameat2, renameExclusive, replaceDirectory, replaceSymlink },
  ...{ save, saveAll, saveAllSync, saveSync, sweep },
  /** A stream that is written in two chunks. */
  async stream(path, options) {
    const stream = createSaveStream(path, options);
    stream.write('str');
    await new Promise((resolve, reject) => stream.on('error', reject).on('finish', resolve).end('eam'));
    return stream.saved;
  },
  append: (path, text) => update(path, (old = '') => old + text, { encoding: 'utf8', lock: 'thread' }),
  appendSync: (path, text) =>
    updateSync(path, (old = '') => old + text, { encoding: 'utf8', lock: 'thread' }),
  async temporary(directory) {
    const file = await openTemporary(directory);
    await file.close();
  },
  chunks: (path) => save(path, ['chu', 'nks']),
  chunksSync: (path) => saveSync(path, ['chu', 'nks']),
};

const outcomes = [];
for (const { call, arguments: given } of JSON.parse(process.argv[2])) {
  try {
    outcomes.push({ result: (await calls[call](...given)) ?? null });
  } catch (error) {
    const { code, permission, resource, published, path, message, errors } = error;
    if (code === undefined) throw new Error(inspect(error));
    const codes = errors?.map((one) => one.code);
    outcomes.push({ error: { code, permission, resource, published, path, message, codes } });
  }
}
console.log(JSON.stringify(outcomes));
