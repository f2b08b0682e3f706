// Begins every call that a signal aborts on a filesystem whose server does not answer, saves to another one
// beside them, and aborts the calls.
//   arguments: a directory on the filesystem that hangs, a directory on another filesystem, the number of calls
//   of each kind, and `beside` to save beside them or `leaves` to close nothing
// Prints `ready`. The parent stops the server and writes a line. Prints the outcomes as JSON. Ends with its input.
import { once, setMaxListeners } from 'node:events';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { createSaveStream, openTemporary, Saver, save, saveAll, update } from '../../dist/index.js';

const [hung, other, count, how] = process.argv.slice(2);
const controller = new AbortController();
const { signal } = controller;
setMaxListeners(0, signal);
process.stdin.setEncoding('utf8');

/** A stream that is open when the server stops. */
async function openStream(name) {
  const stream = createSaveStream(join(hung, name), { signal });
  await new Promise((resolve) => stream.write('begin', resolve));
  return stream;
}

const native = process.env.INDELIBLE_ENGINE === 'native';
await save(join(hung, 'file'), 'old');
await save(join(other, 'file'), 'old');
const [writing, ending] = [await openStream('writing'), await openStream('ending')];
const temporary = native ? await openTemporary(hung) : undefined;
console.log('ready');
await once(process.stdin, 'data');

const calls = {
  save: (name) => save(name, 'new', { signal }),
  large: (name) => save(name, Buffer.alloc(3_000_000), { signal }),
  keep: (name) => save(name, 'new', { signal, keepPrevious: `${name}.old` }),
  chunks: (name) => save(name, ['a', 'b'], { signal }),
  stream: (name) => finished(createSaveStream(name, { signal }).end('new')),
  saver: (name) => new Saver(name, { signal }).save('new'),
  all: (name) => saveAll([{ path: name, data: 'new' }], { signal }),
  // The calls by which these look at the file keep the process alive.
  ...(how !== 'leaves' && { update: (name) => update(name, () => 'new', { signal, lock: 'thread' }) }),
  ...(how !== 'leaves' && native && { temporary: () => openTemporary(hung, { signal }) }),
};
const outcomes = {};
const pending = [];
function expect(kind, promise) {
  const settle = (outcome) => {
    outcomes[kind] ??= {};
    outcomes[kind][outcome] = (outcomes[kind][outcome] ?? 0) + 1;
  };
  const describe = (error) =>
    error.errors === undefined ? `${error.name} ${error.code} ${error.published}` : describe(error.errors[0]);
  pending.push(
    promise.then(
      () => settle('saved'),
      (error) => settle(describe(error)),
    ),
  );
}
for (const [kind, call] of Object.entries(calls)) {
  for (let number = 0; number < Number(count); number += 1) {
    expect(kind, call(join(hung, `${kind}-${number}`)));
  }
}
// To one path, where each waits for those before it.
for (let number = 0; number < 5; number += 1) expect('same', save(join(hung, 'file'), 'new', { signal }));
writing.write(Buffer.alloc(3_000_000));
expect('writing', finished(writing));
ending.end();
expect('ending', finished(ending));
if (temporary !== undefined) expect('replace', temporary.replace(join(hung, 'replaced'), { signal }));

if (how === 'beside') {
  for (let number = 0; number < 20; number += 1) {
    await save(join(other, `file-${number}`), 'new');
    await update(join(other, `update-${number}`), () => 'new');
    await finished(createSaveStream(join(other, `stream-${number}`)).end('new'));
  }
  const file = await openTemporary(other);
  await file.replace(join(other, 'temporary'));
}
controller.abort();
await Promise.all(pending);
// It stays open when a publication fails.
if (how !== 'leaves') temporary?.close();
console.log(JSON.stringify(outcomes));
process.stdin.resume();
await once(process.stdin, 'end');
