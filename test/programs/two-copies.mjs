// Uses two copies of the library in one thread: two bundles beside one package, an ES module and a CommonJS
// one.
//   arguments: what to do (a key of `tasks`), directory, path of the ES bundle, path of the CommonJS bundle
// Prints the result as JSON.
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const [task, directory, esBundle, commonJsBundle] = process.argv.slice(2);
const require = createRequire(import.meta.url);
const one = await import(pathToFileURL(esBundle).href);
const other = require(commonJsBundle);
const copies = [one, other];
const at = (name) => join(directory, name);

/** Loads the library again, and the addon with it, like a test runner that resets its modules. */
function loadAgain() {
  for (const key of Object.keys(require.cache)) delete require.cache[key];
  return require(commonJsBundle);
}

const tasks = {
  /** The first saves of both, before anything is known about the filesystem. */
  async firstSaves() {
    const saved = await Promise.all(
      copies.map(({ save }, index) => save(at(`${index}`), `content ${index}`)),
    );
    return saved.map(({ durability, protocol }) => ({ durability, protocol }));
  },

  /** Saves to one path, alternating between the copies. */
  async order() {
    const saves = [];
    for (let version = 0; version < 200; version += 1) {
      saves.push(copies[version % 2].save(at('file'), `version ${version}`, { durability: 'none' }));
    }
    await Promise.all(saves);
  },

  /** A synchronous save after pending saves of the other copy, none of which may be published later. */
  async synchronous() {
    const { saveSync } = other;
    const before = Array.from({ length: 300 }, (_, index) => one.save(at(`before-${index}`), 'before'));
    before.push(one.save(at('file'), 'before'));
    saveSync(at('file'), 'after');
    await Promise.all(before);
  },

  /** Streams, savers and updates of both copies concurrently. */
  async everything() {
    const calls = [];
    for (const [index, { createSaveStream, Saver, update }] of copies.entries()) {
      const stream = createSaveStream(at(`stream-${index}`));
      for (let chunk = 0; chunk < 50; chunk += 1) stream.write(`${index}:${chunk}\n`);
      calls.push(new Promise((resolve, reject) => stream.on('finish', resolve).on('error', reject).end()));
      const saver = new Saver(at(`saver-${index}`));
      for (let version = 0; version < 50; version += 1) calls.push(saver.save(`${index}:${version}`));
      for (let count = 0; count < 25; count += 1) {
        calls.push(
          update(at('counter'), (number = '0') => `${Number(number) + 1}`, {
            encoding: 'utf8',
            lock: 'thread',
          }),
        );
      }
    }
    await Promise.all(calls);
  },

  /** The order in which the updates of both are made. */
  async updateOrder() {
    const made = [];
    const updates = Array.from({ length: 20 }, (_, number) =>
      copies[number % 2].update(at('file'), () => void made.push(number), { lock: 'thread' }),
    );
    await Promise.all(updates);
    return made;
  },

  /** updateSync would wait for the other copy's update, which cannot continue meanwhile. */
  async updateSync() {
    const held = one.update(at('file'), () => new Promise((resolve) => setTimeout(resolve, 100, 'held')), {
      lock: 'thread',
    });
    let code;
    try {
      other.updateSync(at('file'), () => 'not held', { lock: 'thread' });
    } catch (error) {
      code = error.code;
    }
    await held;
    return code;
  },

  /** The modules are loaded again while saves are under way. */
  async reset() {
    const saves = [];
    for (let round = 0; round < 5; round += 1) {
      const { save, saveSync } = loadAgain();
      for (let index = 0; index < 20; index += 1)
        saves.push(save(at(`${round}-${index}`), `${round}-${index}`));
      saves.push(save(at('file'), `round ${round}`));
      if (round === 3) saveSync(at('file'), 'synchronous');
    }
    return (await Promise.all(saves)).length;
  },

  /** The ids of saves in the messages of diagnostics channels. */
  async observed() {
    const { channel } = await import('node:diagnostics_channel');
    const ids = [];
    channel('indelible:save:start').subscribe(({ id }) => ids.push(id));
    for (const { saveSync } of [...copies, ...copies]) saveSync(at('file'), 'content');
    return new Set(ids).size;
  },
};

console.log(JSON.stringify((await tasks[task]()) ?? null));
