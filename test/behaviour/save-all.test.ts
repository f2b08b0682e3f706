import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { describe, it } from 'vitest';
import { type FileToSave, SaveAllError, saveAll, saveAllSync } from '../../src/index.js';
import { ScratchDirectory } from '../scratch-directory.js';

const scratch = new ScratchDirectory();

const forms = [
  { name: 'saveAll', all: saveAll },
  { name: 'saveAllSync', all: async (...args: Parameters<typeof saveAllSync>) => saveAllSync(...args) },
];

function* numbered(count: number, pathOf = (index: number) => `file${index}`): Generator<FileToSave> {
  for (let index = 0; index < count; index += 1) {
    yield { path: scratch.at(pathOf(index)), data: `content ${index}` };
  }
}

/** Returns the error of `saveAll`, and asserts that it is a SaveAllError. */
async function failureOf(saving: Promise<unknown>): Promise<SaveAllError> {
  const error = await saving.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof SaveAllError && error instanceof AggregateError);
  return error;
}

for (const { name, all } of forms) {
  describe(name, () => {
    it('saves each file and returns the results in the order of the files', async () => {
      const results = await all(numbered(700));
      assert.deepEqual(
        results.map(({ path }) => path),
        Array.from(numbered(700), ({ path }) => path),
      );
      for (let index = 0; index < 700; index += 1) {
        assert.equal(readFileSync(scratch.at(`file${index}`), 'utf8'), `content ${index}`);
      }
      assert.equal(readdirSync(scratch.path).length, 700);
    });

    it('does nothing for no files', async () => {
      assert.deepEqual(await all([]), []);
    });

    it('makes directories that several files need', async () => {
      await all(
        numbered(60, (index) => `a/${index % 3}/file${index}`),
        { makeDirectories: true },
      );
      assert.equal(readFileSync(scratch.at('a', '2', 'file59'), 'utf8'), 'content 59');
    });

    it('saves all the others when some fail, and reports the outcome of each', async () => {
      const files = [
        { path: scratch.at('one'), data: '1' },
        { path: scratch.at('missing', 'two'), data: '2' },
        { path: scratch.at('three'), data: '3' },
      ];
      const { errors, outcomes } = await failureOf(all(files));
      assert.deepEqual(
        outcomes.map(({ status }) => status),
        ['fulfilled', 'rejected', 'fulfilled'],
      );
      assert.deepEqual(
        errors.map(({ code }) => code),
        ['ENOENT'],
      );
      assert.deepEqual(readdirSync(scratch.path).sort(), ['one', 'three']);
    });

    it("counts wrong arguments of one file as that file's failure", async () => {
      const wrong = { path: 7, data: '' } as unknown as FileToSave;
      const { outcomes } = await failureOf(all([wrong, ...numbered(1)]));
      assert.deepEqual(
        outcomes.map(({ status }) => status),
        ['rejected', 'fulfilled'],
      );
    });

    it('leaves the last content of a path that is listed several times', async () => {
      await all(numbered(50, () => 'file'));
      assert.equal(readFileSync(scratch.at('file'), 'utf8'), 'content 49');
      assert.deepEqual(readdirSync(scratch.path), ['file']);
    });

    it('creates a path that is listed several times only once with ifExists: fail', async () => {
      const { errors } = await failureOf(
        all(
          numbered(20, () => 'file'),
          { ifExists: 'fail' },
        ),
      );
      assert.equal(errors.length, 19);
      assert.equal(readFileSync(scratch.at('file'), 'utf8'), 'content 0');
    });

    it('takes no more files after the iterable has thrown, and saves those that came before', async () => {
      const broken = new Error('no more');
      const files = function* (): Generator<FileToSave> {
        yield* numbered(3);
        throw broken;
      };
      const { errors, outcomes } = await failureOf(all(files()));
      assert.deepEqual(errors, [broken]);
      assert.equal(outcomes.length, 3);
      assert.ok(existsSync(scratch.at('file2')));
    });

    it('throws for wrong options before it takes a file', async () => {
      let taken = 0;
      const files = function* (): Generator<FileToSave> {
        taken += 1;
        yield* numbered(1);
      };
      const options = { durability: 'eternal' } as unknown as { durability: 'durable' };
      await assert.rejects(async () => all(files(), options), { code: 'ERR_INVALID_ARG_VALUE' });
      assert.equal(taken, 0);
    });
  });
}

describe('saveAll', () => {
  it('takes files from an async iterable', async () => {
    const files = async function* (): AsyncGenerator<FileToSave> {
      yield* numbered(5);
    };
    assert.equal((await saveAll(files())).length, 5);
  });

  it('does not take files far ahead of what is saved', async () => {
    mkdirSync(scratch.at('out'));
    let furthest = 0;
    let taken = 0;
    const files = function* (): Generator<FileToSave> {
      for (const file of numbered(3000, (index) => `out/file${index}`)) {
        taken += 1;
        if (taken % 100 === 0) furthest = Math.max(furthest, taken - readdirSync(scratch.at('out')).length);
        yield file;
      }
    };
    await saveAll(files());
    assert.ok(furthest <= 512 + 100, `${furthest} files were taken ahead`);
  });

  it('takes no more files after an abort', async () => {
    const controller = new AbortController();
    let taken = 0;
    const files = function* (): Generator<FileToSave> {
      for (const file of numbered(1000)) {
        taken += 1;
        if (taken === 20) controller.abort();
        yield file;
      }
    };
    const { errors } = await failureOf(saveAll(files(), { signal: controller.signal }));
    assert.equal(errors.at(-1)?.code, 'ABORT_ERR');
    assert.equal(taken, 20);
  });
});
