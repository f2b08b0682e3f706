// Runs the library in a `vm` context of its own, as Jest does: there the built-in objects, errors among them,
// are others than those of Node's modules.
//   arguments: what to do (a key of `tasks`), directory, path of a CommonJS bundle
// Prints the result as JSON.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { createContext, runInContext } from 'node:vm';

const [task, directory, bundle] = process.argv.slice(2);
const { AbortController, Buffer, clearTimeout, performance, setTimeout, structuredClone, URL } = globalThis;
const globals = {
  AbortController,
  Buffer,
  clearTimeout,
  performance,
  process,
  setTimeout,
  structuredClone,
  URL,
};
const context = createContext(globals);
const module = { exports: {} };
const wrapped = runInContext(
  `(function (module, exports, require) {${readFileSync(bundle, 'utf8')}\n})`,
  context,
);
wrapped(module, module.exports, createRequire(import.meta.url));
const library = module.exports;
const at = (name) => join(directory, name);
const read = (name) => readFileSync(at(name), 'utf8');

const codeOf = async (call) => {
  try {
    await call();
    return 'none';
  } catch ({ code, published }) {
    return `${code} ${published}`;
  }
};

const tasks = {
  async save() {
    const created = await library.save(at('file'), 'new');
    const replaced = await library.save(at('file'), Buffer.from('newer'));
    return [created.replaced, replaced.replaced, read('file')];
  },

  saveSync() {
    const created = library.saveSync(at('file'), 'new');
    const replaced = library.saveSync(at('file'), Buffer.from('newer'));
    return [created.replaced, replaced.replaced, read('file')];
  },

  async chunks() {
    await library.save(
      at('file'),
      (async function* () {
        yield 'a';
        yield new Uint8Array([98]);
        yield runInContext('new Uint8Array([99]).buffer', context);
      })(),
    );
    return read('file');
  },

  async stream() {
    const stream = library.createSaveStream(at('file'));
    stream.write('a');
    stream.write(runInContext('new Uint8Array([98])', context));
    await new Promise((resolve, reject) => stream.on('error', reject).end('c', resolve));
    return read('file');
  },

  async update() {
    const options = { encoding: 'utf8', lock: 'thread' };
    await library.update(at('file'), (text = 'a') => `${text}b`, options);
    library.updateSync(at('file'), (text = 'a') => `${text}c`, options);
    return read('file');
  },

  async options() {
    const options = runInContext('({ mode: 0o604, ifExists: "fail", makeDirectories: true })', context);
    await library.save(at('made/file'), 'content', options);
    return [await codeOf(() => library.save(at('made/file'), 'other', options)), read('made/file')];
  },

  async names() {
    await library.replaceSymlink('one', at('link'));
    await library.replaceSymlink('file', at('link'));
    await library.save(at('link'), 'through the link');
    return [await library.sweep(directory), read('file')];
  },

  async errors() {
    return [
      await codeOf(() => library.save(at('missing/file'), 'x')),
      await codeOf(async () => library.saveSync(at('missing/file'), 'x')),
      await codeOf(() => library.save(directory, 'x')),
      await codeOf(() => library.replaceSymlink('x', at('missing/link'))),
      await codeOf(() => library.update(at('missing/file'), () => 'x', { lock: 'thread' })),
      await codeOf(() => library.save(at('file'), 'x', { signal: AbortSignal.abort() })),
    ];
  },
};

console.log(JSON.stringify((await tasks[task]()) ?? null));
