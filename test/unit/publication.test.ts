import assert from 'node:assert/strict';
import { pbkdf2 } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, it } from 'vitest';
import type { SaveRequest } from '../../src/base/save-request.js';
import { Publication } from '../../src/engine/portable/publication.js';
import { run } from '../../src/fs/steps.js';
import { ScratchDirectory } from '../scratch-directory.js';

const scratch = new ScratchDirectory();

/** More tasks than Node's pool has threads, so that the next call to the pool waits. */
let busyPool: Promise<unknown>;

beforeEach(() => {
  const work = () => promisify(pbkdf2)('', '', 100_000, 64, 'sha512');
  busyPool = Promise.all(Array.from({ length: 8 }, work));
});

afterEach(async () => {
  await busyPool;
});

function publicationOf(ifExists: SaveRequest['ifExists']): Publication {
  const request: SaveRequest = {
    path: scratch.at('target'),
    data: Buffer.from('new'),
    size: 3,
    durability: 'none',
    ifExists,
    keepPrevious: undefined,
    mode: undefined,
    createMode: 0o666,
    owner: undefined,
    preserve: { mode: false, owner: false, attributes: false },
    followSymlinks: true,
    makeDirectories: false,
    sweep: false,
    strict: false,
    onlyIfWritable: false,
    protocol: undefined,
    signal: undefined,
  };
  return new Publication(request, Buffer.from(scratch.at('temporary')), Buffer.from(scratch.at('target')));
}

function content(): string {
  return readFileSync(scratch.at('target'), 'utf8');
}

for (const ifExists of ['replace', 'fail'] as const) {
  describe(`a publication with ifExists: '${ifExists}' that is running`, () => {
    it('can be finished on the calling thread, and then leaves later versions alone', async () => {
      writeFileSync(scratch.at('temporary'), 'new');
      const publication = publicationOf(ifExists);
      const running = run(publication.run());
      assert.equal(existsSync(scratch.at('target')), false);
      publication.finishSync();
      assert.equal(content(), 'new');
      writeFileSync(scratch.at('target'), 'later');
      await running;
      assert.equal(content(), 'later');
    });

    it('is not finished twice', async () => {
      writeFileSync(scratch.at('temporary'), 'new');
      const publication = publicationOf(ifExists);
      await run(publication.run());
      unlinkSync(scratch.at('target'));
      writeFileSync(scratch.at('temporary'), 'of another program');
      publication.finishSync();
      assert.equal(existsSync(scratch.at('target')), false);
    });
  });
}

describe('a publication that fails', () => {
  it('rejects for the caller of the save, and throws on the thread that finishes it', async () => {
    const publication = publicationOf('replace');
    writeFileSync(scratch.at('temporary'), 'new');
    const running = assert.rejects(run(publication.run()), {
      code: 'EISDIR',
      syscall: 'rename',
      published: false,
    });
    mkdirSync(scratch.at('target'));
    assert.throws(() => publication.finishSync(), { code: 'EISDIR', syscall: 'rename', published: false });
    await running;
  });
});
