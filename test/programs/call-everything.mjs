// Makes every kind of call in a directory of its own, twice each, and prints one JSON array of the outcomes:
//   {"call", "saved"?: {"protocol", "durability", ...}, "error"?: {"code", "syscall", "published", "message"},
//    "content", "left"}
// where `content` is what the call's target has afterwards, and `left` the temporaries that remain.
//   argument: the directory; the calls to make, separated by commas, or nothing for all of them
import { execFileSync } from 'node:child_process';
import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import {
  createSaveStream,
  exchange,
  inspect,
  openTemporary,
  renameExclusive,
  replaceDirectory,
  replaceSymlink,
  save,
  saveAll,
  saveSync,
  update,
} from '../../dist/index.js';

const [root, only] = process.argv.slice(2);
const LOCK = { lock: 'thread' };
const NEW = 'new content';

const old = (path) => writeFileSync(path, 'old content');
const tree = (path, content) => {
  mkdirSync(path);
  writeFileSync(join(path, 'file'), content);
};

/** Each gets a directory and the path of the target, which `before` has set up. */
const calls = {
  save: { before: old, run: (path) => save(path, NEW) },
  saveSync: { before: old, run: async (path) => saveSync(path, NEW) },
  withAttributes: {
    before: (path) => {
      old(path);
      execFileSync('setfattr', ['-n', 'user.key', '-v', 'value', path]);
    },
    run: (path) => save(path, NEW),
  },
  saveOrdered: { before: old, run: (path) => save(path, NEW, { durability: 'ordered' }) },
  create: { run: (path) => save(path, NEW) },
  exclusive: { run: (path) => save(path, NEW, { ifExists: 'fail' }) },
  throughLink: {
    before: (path) => {
      old(path);
      symlinkSync(path, `${path}.link`);
    },
    run: (path) => save(`${path}.link`, NEW),
  },
  inLinkedDirectory: {
    before: (path) => symlinkSync('.', `${path}.directory`),
    run: (path) => save(join(`${path}.directory`, path.slice(root.length)), NEW),
  },
  keepPrevious: { before: old, run: (path) => save(path, NEW, { keepPrevious: `${path}.old` }) },
  saveAll: { before: old, run: async (path) => (await saveAll([{ path, data: NEW }]))[0] },
  stream: {
    before: old,
    run: (path) =>
      new Promise((resolve, reject) => {
        const stream = createSaveStream(path);
        stream.on('error', reject).on('saved', resolve);
        stream.on('finish', () => resolve(stream.saved));
        stream.end(NEW);
      }),
  },
  update: { before: old, run: (path) => update(path, () => NEW, LOCK) },
  updateNew: { run: (path) => update(path, () => NEW, LOCK) },
  updateLocked: { before: old, run: (path) => update(path, () => NEW, { lock: 'machine' }) },
  temporaryLink: { run: (path) => publish(path, 'link') },
  temporaryReplace: { before: old, run: (path) => publish(path, 'replace') },
  temporaryFrom: {
    before: (path) => {
      old(path);
      writeFileSync(`${path}.other`, 'old content');
    },
    run: (path) => publish(path, 'replace', { from: `${path}.other` }),
  },
  makeDirectories: {
    run: (path) => save(join(path, 'file'), NEW, { makeDirectories: true }),
  },
  symlink: {
    before: (path) => symlinkSync('old content', path),
    run: (path) => replaceSymlink(NEW, path),
  },
  newSymlink: { run: (path) => replaceSymlink(NEW, path) },
  exchange: {
    before: (path) => {
      old(path);
      writeFileSync(`${path}.other`, NEW);
    },
    run: (path) => exchange(`${path}.other`, path),
  },
  renameExclusive: {
    before: (path) => writeFileSync(`${path}.other`, NEW),
    run: (path) => renameExclusive(`${path}.other`, path),
  },
  replaceDirectory: {
    before: (path) => {
      tree(path, 'old content');
      tree(`${path}.staged`, NEW);
    },
    run: (path) => replaceDirectory(`${path}.staged`, path),
  },
  placeDirectory: {
    before: (path) => tree(`${path}.staged`, NEW),
    run: (path) => replaceDirectory(`${path}.staged`, path),
  },
};

async function publish(path, how, options = {}) {
  const file = await openTemporary(root, options);
  try {
    writeSync(file.fd, NEW);
    return await file[how](path);
  } finally {
    await file.close();
  }
}

function contentOf(path) {
  try {
    const info = lstatSync(path);
    if (info.isSymbolicLink()) return readlinkSync(path);
    return readFileSync(info.isDirectory() ? join(path, 'file') : path, 'utf8');
  } catch ({ code }) {
    return code;
  }
}

const outcomes = [];
// inspect before and after: what was found out is told from then on.
const before = await inspect(root);
for (const [call, { before, run }] of Object.entries(calls)) {
  if (only !== undefined && !only.split(',').includes(call)) continue;
  for (const round of [1, 2]) {
    const path = join(root, `${call}-${round}`);
    before?.(path);
    const outcome = { call };
    try {
      outcome.saved = (await run(path)) ?? null;
    } catch (thrown) {
      const error = thrown instanceof AggregateError ? thrown.errors[0] : thrown;
      const { code, syscall, published, message } = error;
      outcome.error = { code, syscall, published, message };
    }
    outcome.content = contentOf(path);
    outcome.left = readdirSync(root).filter((name) => name.startsWith('.indelible-'));
    outcomes.push(outcome);
  }
}
const after = await inspect(root);
for (const name of readdirSync(root)) rmSync(join(root, name), { recursive: true, force: true });
console.log(JSON.stringify({ outcomes, before, after }));
