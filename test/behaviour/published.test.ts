import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { describe, it } from 'vitest';
import {
  createSaveStream,
  exchange,
  exchangeSync,
  inspect,
  inspectSync,
  openTemporary,
  openTemporarySync,
  renameExclusive,
  renameExclusiveSync,
  replaceDirectory,
  replaceDirectorySync,
  replaceSymlink,
  replaceSymlinkSync,
  SaveAllError,
  Saver,
  save,
  saveAll,
  saveAllSync,
  saveSync,
  sweep,
  sweepSync,
  update,
  updateSync,
} from '../../src/index.js';
import { ScratchDirectory } from '../scratch-directory.js';
import { opensTemporaries } from './engine-under-test.js';

const scratch = new ScratchDirectory();

const LOCK = { lock: 'thread' } as const;

/** The error of a call, whether it throws or rejects. */
async function errorOf(call: () => unknown): Promise<unknown> {
  try {
    await call();
  } catch (error) {
    return error;
  }
  assert.fail('the call has succeeded');
}

function publishedOf(error: unknown): unknown {
  return error instanceof Error && 'published' in error ? error.published : 'absent';
}

function assertHas(error: unknown, fields: object): void {
  for (const [name, value] of Object.entries(fields)) {
    assert.deepEqual(Reflect.get(Object(error), name), value, `${name} of ${error}`);
  }
}

// Arguments of the wrong type, which TypeScript would not let through.
const calls: Readonly<Record<string, (...args: never[]) => unknown>> = {
  ...{ save, saveSync, saveAll, saveAllSync, createSaveStream, update, updateSync },
  ...{ exchange, exchangeSync, renameExclusive, renameExclusiveSync, replaceSymlink, replaceSymlinkSync },
  ...{ replaceDirectory, replaceDirectorySync, openTemporary, openTemporarySync },
  ...{ inspect, inspectSync, sweep, sweepSync },
  'new Saver': (...args: never[]) => Reflect.construct(Saver, args),
};

describe('an error says in published whether anything was published', () => {
  for (const [name, call] of Object.entries(calls)) {
    it(`if ${name} gets a wrong argument`, async () => {
      for (const args of [
        [],
        [1, 2, 3],
        ['a\0b', 'data'],
        [new URL('http://example.com/file'), 'data'],
        [new URL('file:///a%2Fb'), 'data'],
      ]) {
        const error = await errorOf(() => Reflect.apply(call, undefined, args));
        assert.equal(publishedOf(error), false, `${error}`);
      }
    });

    it(`if ${name} meets a directory that does not exist`, async () => {
      if (name === 'new Saver' || name === 'createSaveStream' || name.startsWith('inspect')) return;
      const path = scratch.at('missing', 'file');
      const args: unknown[] = name.startsWith('saveAll')
        ? [[{ path, data: 'new' }]]
        : [path, name.startsWith('update') ? () => 'new' : scratch.at('missing', 'other'), LOCK];
      if (name.startsWith('openTemporary')) args.splice(1);
      const error = await errorOf(() => Reflect.apply(call, undefined, args));
      assert.equal(publishedOf(error), false, `${error}`);
    });
  }

  it('if a path cannot be followed', async () => {
    writeFileSync(scratch.at('file'), 'old');
    for (const call of [inspect, inspectSync, sweep, sweepSync]) {
      const error = await errorOf(() => call(scratch.at('file', 'below')));
      assert.equal(publishedOf(error), false, `${error}`);
      // As Node's own calls on Windows.
      const missing = process.platform === 'win32' && call.name.startsWith('sweep');
      assertHas(error, { code: missing ? 'ENOENT' : 'ENOTDIR', path: scratch.at('file', 'below') });
    }
  });

  it("if the caller's own code throws, and the error stays the same", async () => {
    const failing = (): never => {
      throw own;
    };
    const own = new RangeError('own');
    async function* source(): AsyncGenerator<string> {
      yield 'some';
      failing();
    }
    function* syncSource(): Generator<string> {
      yield 'some';
      failing();
    }
    const saver = new Saver<string>(scratch.at('file'), { serialize: failing });
    const tries: (() => unknown)[] = [
      () => save(scratch.at('file'), source()),
      () => saveSync(scratch.at('file'), syncSource()),
      () => save(scratch.at('file'), { [Symbol.asyncIterator]: failing }),
      () => saveSync(scratch.at('file'), { [Symbol.iterator]: failing }),
      () => update(scratch.at('file'), failing, LOCK),
      () => updateSync(scratch.at('file'), failing, LOCK),
      () => saver.save('value'),
    ];
    for (const one of tries) {
      const error = await errorOf(one);
      assert.equal(error, own);
      assert.equal(publishedOf(error), false);
      Reflect.deleteProperty(own, 'published');
    }
  });

  it("if the caller's own error is frozen", async () => {
    const own = Object.freeze(new RangeError('own'));
    const error = await errorOf(() =>
      update(
        scratch.at('file'),
        () => {
          throw own;
        },
        LOCK,
      ),
    );
    assert.equal(error, own);
  });

  it('of each file of saveAll, and of any of them', async () => {
    const wrong = JSON.parse('{"path":1,"data":"new"}');
    function* files() {
      yield { path: scratch.at('missing', 'file'), data: 'new' };
      yield wrong;
      throw new RangeError('own');
    }
    for (const all of [saveAll, async (given: Parameters<typeof saveAllSync>[0]) => saveAllSync(given)]) {
      const error = await errorOf(() => all(files()));
      assert.ok(error instanceof SaveAllError);
      assert.deepEqual(error.errors.map(publishedOf), [false, false, false]);
      assert.equal(error.published, false);
      const some = await errorOf(() => all([{ path: scratch.at('file'), data: 'new' }, wrong]));
      assert.equal(publishedOf(some), true);
      assert.equal(readFileSync(scratch.at('file'), 'utf8'), 'new');
    }
  });

  it('if a stream is destroyed, fails or is misused', async () => {
    const destroyed = createSaveStream(scratch.at('file'));
    destroyed.destroy(new RangeError('own'));
    assert.equal(publishedOf(await errorOf(() => finished(destroyed))), false);

    const misused = createSaveStream(scratch.at('file'));
    misused.end('new');
    await finished(misused);
    const late = createSaveStream(scratch.at('other'));
    late.end('new');
    late.write('more');
    const error = await errorOf(() => finished(late));
    assert.equal(publishedOf(error), late.saved !== undefined);

    const missing = createSaveStream(scratch.at('missing', 'file'));
    assert.equal(publishedOf(await errorOf(() => finished(missing))), false);

    const fed = createSaveStream(scratch.at('fed'));
    const source = Readable.from(['some']);
    source.pipe(fed);
    source.on('end', () => fed.destroy(new RangeError('own')));
    const reason = await errorOf(() => finished(fed));
    assert.equal(publishedOf(reason), fed.saved !== undefined);
  });

  it('if a stream is destroyed in any moment of its end', async () => {
    for (let round = 0; round < 40; round += 1) {
      const path = scratch.at(`file${round}`);
      const stream = createSaveStream(path, { durability: 'none' });
      stream.on('error', () => undefined);
      const closed = new Promise((resolve) => stream.once('close', resolve));
      stream.end('new');
      for (let wait = 0; wait < round % 20; wait += 1) await new Promise(setImmediate);
      const own = new RangeError('own');
      stream.destroy(own);
      await closed;
      if (!('published' in own)) continue;
      assert.equal(own.published, publishedAt(path));
      assert.equal(stream.saved !== undefined, publishedAt(path));
    }
  });
});

function publishedAt(path: string): boolean {
  try {
    return readFileSync(path, 'utf8') === 'new';
  } catch {
    return false;
  }
}

describe('a call after close', () => {
  it('is refused by a saver at once', async () => {
    const saver = new Saver(scratch.at('file'));
    const saving = saver.save('new');
    const closing = saver.close();
    const refused = errorOf(() => saver.save('late'));
    assertHas(await refused, { code: 'ERR_INDELIBLE_CLOSED', published: false });
    await Promise.all([saving, closing]);
    assert.equal(readFileSync(scratch.at('file'), 'utf8'), 'new');
  });

  it('is refused by a stream at once', async () => {
    const stream = createSaveStream(scratch.at('file'));
    stream.on('error', () => undefined);
    stream.destroy();
    assert.equal(stream.writable, false);
    const refused = await new Promise((resolve) => stream.write('late', resolve));
    assertHas(refused, { code: 'ERR_STREAM_DESTROYED' });
    assert.equal(publishedAt(scratch.at('file')), false);
    if (!stream.closed) await once(stream, 'close');
  });

  if (!opensTemporaries) return;

  it('is refused by a temporary file at once, and publishes nothing', async () => {
    mkdirSync(scratch.at('in'));
    for (const close of ['close', 'dispose'] as const) {
      const file = await openTemporary(scratch.at('in'));
      const closing = close === 'close' ? file.close() : file[Symbol.asyncDispose]();
      assert.equal(file.fd, -1);
      for (const publish of [
        () => file.link(scratch.at('in', 'a')),
        () => file.replace(scratch.at('in', 'b')),
        () => file.linkSync(scratch.at('in', 'c')),
        () => file.replaceSync(scratch.at('in', 'd')),
      ]) {
        assertHas(await errorOf(publish), {
          code: 'ERR_INDELIBLE_CLOSED',
          published: false,
        });
      }
      await closing;
      assert.deepEqual(await sweep(scratch.at('in')), []);
    }
  });
});
