// Makes every public call on a filesystem, and checks what each did: all of it, or, if it was refused, nothing.
//   arguments: `prepare` or `run`, the directory, and the calls to leave out
// `prepare` makes what the calls change: on an overlay, in the directory below it. `run` makes the calls and prints
// one JSON object: for each call `{"refused"?: code, "durability"?, "protocol"?, "wrong": [what is not as promised]}`.
import fs from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import * as atomically from '../../dist/atomically.js';
import replacedFs from '../../dist/fs.js';
import {
  createSaveStream,
  exchange,
  exchangeSync,
  inspect,
  openTemporary,
  openTemporarySync,
  renameExclusive,
  renameExclusiveSync,
  replaceDirectory,
  replaceDirectorySync,
  replaceSymlink,
  replaceSymlinkSync,
  Saver,
  save,
  saveAll,
  saveAllSync,
  saveSync,
  sweep,
  update,
  updateSync,
} from '../../dist/index.js';
import * as steno from '../../dist/steno.js';
import writeFileAtomic from '../../dist/write-file-atomic.js';

const OLD = 'old content';
const NEW = 'new content';
const MODE = 0o640;
const OTHERS = { other: 'another file' };

const file = { target: OLD };
/** A string is a file, an object a directory, an array the text of a link. */
const tree = (content) => ({ file: content, nested: { file: content }, empty: {} });
const gone = undefined;

/**
 * `before`: what is there; `run` gets a function that makes a path; `after`: what differs afterwards, if the call is
 * not refused; `published`: what differs if it has failed after it had published.
 */
const calls = {
  save: { before: file, run: (at) => save(at('target'), NEW), after: { target: NEW } },
  saveSync: { before: file, run: (at) => saveSync(at('target'), NEW), after: { target: NEW } },
  ordered: {
    before: file,
    run: (at) => save(at('target'), NEW, { durability: 'ordered' }),
    after: { target: NEW },
  },
  none: {
    before: file,
    run: (at) => save(at('target'), NEW, { durability: 'none' }),
    after: { target: NEW },
  },
  strict: { before: file, run: (at) => save(at('target'), NEW, { strict: true }), after: { target: NEW } },
  mode: { before: file, run: (at) => save(at('target'), NEW, { mode: MODE }), after: { target: NEW } },
  owner: {
    before: file,
    run: (at) => save(at('target'), NEW, { owner: { uid: process.geteuid(), required: false } }),
    after: { target: NEW },
  },
  preserveNone: {
    before: file,
    run: (at) => save(at('target'), NEW, { preserve: 'none', mode: MODE }),
    after: { target: NEW },
  },
  empty: { before: file, run: (at) => save(at('target'), ''), after: { target: '' } },
  create: { run: (at) => save(at('target'), NEW), after: { target: NEW } },
  createSync: { run: (at) => saveSync(at('target'), NEW, { createMode: 0o666 }), after: { target: NEW } },
  twice: {
    run: async (at) => {
      await save(at('target'), OLD);
      return save(at('target'), NEW);
    },
    after: { target: NEW },
  },
  exclusive: { run: (at) => save(at('target'), NEW, { ifExists: 'fail' }), after: { target: NEW } },
  exclusiveSync: { run: (at) => saveSync(at('target'), NEW, { ifExists: 'fail' }), after: { target: NEW } },
  exclusiveExists: {
    before: file,
    run: (at) => save(at('target'), NEW, { ifExists: 'fail' }),
    refused: 'EEXIST',
  },
  throughLink: {
    before: { ...file, link: ['target'] },
    run: (at) => save(at('link'), NEW),
    after: { target: NEW },
  },
  makeDirectories: {
    run: (at) => save(at('a/b/target'), NEW, { makeDirectories: true }),
    after: { a: { b: { target: NEW } } },
  },
  keepPrevious: {
    before: file,
    run: (at) => save(at('target'), NEW, { keepPrevious: at('previous') }),
    after: { target: NEW, previous: OLD },
  },
  keepPreviousAgain: {
    before: { ...file, previous: 'older content' },
    run: (at) => saveSync(at('target'), NEW, { keepPrevious: at('previous') }),
    after: { target: NEW, previous: OLD },
  },
  keepPreviousOfNothing: {
    run: (at) => save(at('target'), NEW, { keepPrevious: at('previous') }),
    after: { target: NEW },
  },
  saveAll: {
    before: file,
    run: (at) => saveAll(['target', 'new', 'newer'].map((name) => ({ path: at(name), data: NEW }))),
    after: { target: NEW, new: NEW, newer: NEW },
  },
  saveAllSync: {
    before: file,
    run: (at) => saveAllSync(['target', 'new', 'newer'].map((name) => ({ path: at(name), data: NEW }))),
    after: { target: NEW, new: NEW, newer: NEW },
  },
  sixteenAtOnce: {
    run: (at) => Promise.all(Array.from({ length: 16 }, (_, n) => save(at(`file-${n}`), NEW))),
    after: Object.fromEntries(Array.from({ length: 16 }, (_, n) => [`file-${n}`, NEW])),
  },
  source: { before: file, run: (at) => save(at('target'), ['new ', 'content']), after: { target: NEW } },
  stream: {
    before: file,
    run: async (at) => {
      const stream = createSaveStream(at('target'));
      await pipeline(Readable.from(['new ', 'content']), stream);
      return stream.saved;
    },
    after: { target: NEW },
  },
  streamDestroyed: {
    before: file,
    run: async (at) => {
      const stream = createSaveStream(at('target'));
      await new Promise((resolve) => stream.write(NEW, resolve));
      await new Promise((resolve) =>
        stream
          .on('error', () => {})
          .on('close', resolve)
          .destroy(new Error('stop')),
      );
    },
    after: {},
  },
  saver: {
    before: file,
    run: async (at) => {
      const saver = new Saver(at('target'));
      await Promise.all([saver.save('first'), saver.save('second'), saver.save(NEW)]);
      await saver.close();
    },
    after: { target: NEW },
  },
  update: {
    before: file,
    run: (at) => update(at('target'), (old) => `${old}!`, { encoding: 'utf8' }),
    after: { target: `${OLD}!` },
  },
  updateSync: {
    before: file,
    run: (at) => updateSync(at('target'), (old) => `${old}!`, { encoding: 'utf8' }),
    after: { target: `${OLD}!` },
  },
  updateNew: { run: (at) => update(at('target'), () => NEW), after: { target: NEW } },
  updateKeepPrevious: {
    before: file,
    run: (at) =>
      update(at('target'), (old) => `${old}!`, {
        encoding: 'utf8',
        keepPrevious: at('previous'),
        lock: 'thread',
        retries: 0,
      }),
    after: { target: `${OLD}!`, previous: OLD },
  },
  updateMachine: {
    before: file,
    run: (at) => update(at('target'), (old) => `${old}!`, { encoding: 'utf8', lock: 'machine' }),
    after: { target: `${OLD}!` },
  },
  updateThread: {
    before: file,
    run: (at) => update(at('target'), (old) => `${old}!`, { encoding: 'utf8', lock: 'thread' }),
    after: { target: `${OLD}!` },
  },
  updateOften: {
    run: async (at) => {
      const append = (old) => `${old ?? ''}+`;
      await Promise.all(Array.from({ length: 10 }, () => update(at('target'), append, { encoding: 'utf8' })));
    },
    after: { target: '+'.repeat(10) },
  },
  temporaryLink: { run: (at) => publish(at, 'link'), after: { target: NEW } },
  temporaryReplace: { before: file, run: (at) => publish(at, 'replace'), after: { target: NEW } },
  temporaryExists: { before: file, run: (at) => publish(at, 'link'), refused: 'EEXIST' },
  temporaryFrom: {
    before: { ...file, source: NEW },
    run: (at) => publish(at, 'replace', { from: at('source') }, ''),
    after: { target: NEW },
  },
  temporarySync: {
    before: file,
    run: (at) => {
      const temporary = openTemporarySync(at('.'));
      try {
        fs.writeSync(temporary.fd, NEW);
        return temporary.replaceSync(at('target'));
      } finally {
        temporary.closeSync();
      }
    },
    after: { target: NEW },
  },
  temporaryClosed: {
    run: async (at) => {
      const temporary = await openTemporary(at('.'));
      fs.writeSync(temporary.fd, NEW);
      await temporary.close();
    },
    after: {},
  },
  symlink: {
    before: { link: ['old'] },
    run: (at) => replaceSymlink('new', at('link')),
    after: { link: ['new'] },
  },
  symlinkSync: {
    before: { link: ['old'] },
    run: (at) => replaceSymlinkSync('new', at('link')),
    after: { link: ['new'] },
  },
  newSymlink: { run: (at) => replaceSymlink('new', at('link')), after: { link: ['new'] } },
  symlinkOverFile: {
    before: file,
    run: (at) => replaceSymlink('new', at('target')),
    refused: 'ERR_INDELIBLE_NOT_A_SYMLINK',
  },
  exchange: {
    before: { ...file, second: NEW },
    run: (at) => exchange(at('target'), at('second')),
    after: { target: NEW, second: OLD },
  },
  exchangeSync: {
    before: { ...file, second: NEW },
    run: (at) => exchangeSync(at('target'), at('second')),
    after: { target: NEW, second: OLD },
  },
  exchangeDirectories: {
    before: { a: tree('a'), b: tree('b') },
    run: (at) => exchange(at('a'), at('b')),
    after: { a: tree('b'), b: tree('a') },
  },
  renameExclusive: {
    before: file,
    run: (at) => renameExclusive(at('target'), at('renamed')),
    after: { target: gone, renamed: OLD },
  },
  renameExclusiveSync: {
    before: file,
    run: (at) => renameExclusiveSync(at('target'), at('renamed')),
    after: { target: gone, renamed: OLD },
  },
  renameExclusiveExists: {
    before: { ...file, second: NEW },
    run: (at) => renameExclusive(at('target'), at('second')),
    refused: 'EEXIST',
  },
  renameDirectory: {
    before: { a: tree('a') },
    run: (at) => renameExclusive(at('a'), at('b')),
    after: { a: gone, b: tree('a') },
  },
  replaceDirectory: {
    before: { staged: tree('new'), live: tree('old') },
    run: (at) => replaceDirectory(at('staged'), at('live')),
    after: { staged: gone, live: tree('new') },
  },
  replaceDirectorySync: {
    before: { staged: tree('new'), live: tree('old') },
    run: (at) => replaceDirectorySync(at('staged'), at('live')),
    after: { staged: gone, live: tree('new') },
  },
  replaceDirectoryMade: {
    before: { live: tree('old') },
    run: (at) => {
      make(at('.'), { staged: tree('new') });
      return replaceDirectory(at('staged'), at('live'));
    },
    made: { staged: tree('new') },
    after: { staged: gone, live: tree('new') },
  },
  replaceDirectoryKeep: {
    before: { staged: tree('new'), live: tree('old'), kept: tree('older') },
    run: (at) => replaceDirectory(at('staged'), at('live'), { keepPrevious: at('kept') }),
    after: { staged: gone, live: tree('new'), kept: tree('old') },
  },
  replaceDirectoryMadeKeep: {
    before: { kept: tree('older') },
    run: (at) => {
      make(at('.'), { staged: tree('new'), live: tree('old') });
      return replaceDirectory(at('staged'), at('live'), { keepPrevious: at('kept') });
    },
    made: { staged: tree('new'), live: tree('old') },
    after: { staged: gone, live: tree('new'), kept: tree('old') },
    // An overlay may be able to exchange the two, and then unable to move the one that was kept before.
    published: { staged: tree('old'), live: tree('new') },
  },
  replaceEmptyDirectory: {
    before: { staged: tree('new'), live: {} },
    run: (at) => replaceDirectory(at('staged'), at('live')),
    after: { staged: gone, live: tree('new') },
  },
  placeDirectory: {
    before: { staged: tree('new') },
    run: (at) => replaceDirectory(at('staged'), at('live')),
    after: { staged: gone, live: tree('new') },
  },
  placeDirectoryMade: {
    run: (at) => {
      make(at('.'), { staged: tree('new') });
      return replaceDirectory(at('staged'), at('live'));
    },
    made: { staged: tree('new') },
    after: { staged: gone, live: tree('new') },
  },
  fsWriteFile: {
    before: file,
    run: (at) => replacedFs.promises.writeFile(at('target'), NEW),
    after: { target: NEW },
  },
  fsWriteFileSync: {
    before: file,
    run: (at) => replacedFs.writeFileSync(at('target'), NEW),
    after: { target: NEW },
  },
  fsWriteNew: {
    run: (at) => replacedFs.writeFileSync(at('target'), NEW, { flag: 'wx', flush: true }),
    after: { target: NEW },
  },
  writeFileAtomic: { before: file, run: (at) => writeFileAtomic(at('target'), NEW), after: { target: NEW } },
  writeFileAtomicSync: {
    before: file,
    run: (at) => writeFileAtomic.sync(at('target'), NEW),
    after: { target: NEW },
  },
  atomically: { before: file, run: (at) => atomically.writeFile(at('target'), NEW), after: { target: NEW } },
  atomicallySync: {
    before: file,
    run: (at) => atomically.writeFileSync(at('target'), NEW),
    after: { target: NEW },
  },
  steno: { before: file, run: (at) => new steno.Writer(at('target')).write(NEW), after: { target: NEW } },
};

async function publish(at, how, options = {}, data = NEW) {
  const temporary = await openTemporary(at('.'), options);
  try {
    fs.writeSync(temporary.fd, data);
    return await temporary[how](at('target'));
  } finally {
    await temporary.close();
  }
}

/** Makes what is not there. @throws what the filesystem refuses. */
function make(directory, entries) {
  for (const [name, entry] of Object.entries(entries)) {
    const path = join(directory, name);
    if (typeof entry === 'string') {
      fs.writeFileSync(path, entry, { mode: MODE });
    } else if (Array.isArray(entry)) {
      fs.symlinkSync(entry[0], path);
    } else {
      fs.mkdirSync(path);
      make(path, entry);
    }
  }
}

/** Everything in a directory, in the form of `make`. */
function read(directory) {
  return Object.fromEntries(
    fs
      .readdirSync(directory, { withFileTypes: true })
      .sort((a, b) => (a.name < b.name ? -1 : 1))
      .map((entry) => {
        const path = join(directory, entry.name);
        if (entry.isDirectory()) return [entry.name, read(path)];
        return [entry.name, entry.isSymbolicLink() ? [fs.readlinkSync(path)] : fs.readFileSync(path, 'utf8')];
      }),
  );
}

function modeOf(path) {
  return fs.statSync(path, { throwIfNoEntry: false })?.mode;
}

function sorted(entries) {
  if (typeof entries !== 'object' || Array.isArray(entries)) return entries;
  const present = Object.entries(entries).filter(([, entry]) => entry !== gone);
  return Object.fromEntries(
    present.sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, entry]) => [name, sorted(entry)]),
  );
}

/** What is not as Node's errors and this library's are. */
function* wrongIn(error, unpublished) {
  if (!(error instanceof Error)) return yield 'no Error';
  if (typeof error.code !== 'string') yield `no code: ${error.stack}`;
  if (unpublished && error.published !== false) yield `published: ${error.published}`;
  if (!/^ERR_/.test(error.code)) {
    for (const property of ['errno', 'syscall'])
      if (error[property] === undefined) yield `no ${property}: ${error.message}`;
  }
}

async function check(directory, { before = {}, made = {}, run, after, refused: expected, published }) {
  const at = (name) => join(directory, name);
  const there = { ...OTHERS, ...before, ...made };
  const mode = modeOf(at('target'));
  const outcome = { wrong: [] };
  const wrong = (what) => outcome.wrong.push(what);
  let end = there;
  try {
    const result = await run(at);
    const one = Array.isArray(result) ? result[0] : result;
    Object.assign(outcome, { durability: one?.durability, protocol: one?.protocol });
    if (expected === undefined) end = { ...there, ...after };
    else wrong(`not refused with ${expected}`);
    if (end.target !== undefined && mode !== undefined && modeOf(at('target')) !== mode)
      wrong(`mode ${modeOf(at('target')).toString(8)}, not ${mode.toString(8)}`);
  } catch (thrown) {
    const error = thrown instanceof AggregateError ? thrown.errors[0] : thrown;
    if (error.code !== expected) {
      Object.assign(outcome, { refused: error.code, syscall: error.syscall, message: error.message });
    }
    if (error.published === true && published !== undefined) end = { ...there, ...published };
    const ofLibrary = !/^(fs|writeFile|atomically|steno)/.test(directory.split('/').at(-1));
    outcome.wrong.push(...wrongIn(error, ofLibrary && end === there));
  }
  const found = JSON.stringify(read(directory));
  if (found !== JSON.stringify(sorted(end))) wrong(`there is ${found}`);
  const swept = await sweep(directory);
  if (swept.length > 0) wrong(`left ${swept}`);
  return outcome;
}

const [phase, root, ...leftOut] = process.argv.slice(2);
for (const name of leftOut) delete calls[name];
if (phase === 'prepare') {
  for (const [name, { before = {} }] of Object.entries(calls)) {
    make(root, { [name]: OTHERS });
    try {
      make(join(root, name), before);
    } catch {
      // What it needs cannot be made here.
      fs.rmSync(join(root, name), { recursive: true });
    }
  }
} else {
  const outcomes = { inspect: { wrong: [], ...(await inspect(root)).durable } };
  for (const [name, call] of Object.entries(calls)) {
    const directory = join(root, name);
    outcomes[name] = fs.existsSync(directory)
      ? await check(directory, call)
      : { impossible: true, wrong: [] };
  }
  console.log(JSON.stringify(outcomes));
}
