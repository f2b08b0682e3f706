import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'vitest';
import { makeDirectory, type Running, removeDirectory, run, start } from './command.js';

// test/lab/power-cut.test.ts cuts the power of real disks.
describe('indelible bench --power-cut-check', () => {
  let directory: string;
  let running: Running | undefined;
  beforeEach(async () => {
    directory = await makeDirectory();
    await mkdir(join(directory, 'indelible-power-cut'));
  });
  afterEach(async () => {
    running?.child.kill('SIGKILL');
    await removeDirectory(directory);
  });

  const put = (durability: string, content: string) =>
    writeFile(join(directory, 'indelible-power-cut', durability), content);
  const record = (number: number) => Buffer.alloc(4096, `${number}\n`).toString();
  async function check(acknowledged: string) {
    await writeFile(join(directory, 'acknowledged'), acknowledged);
    return run(['bench', '--power-cut-check', 'acknowledged'], directory);
  }

  it('accepts a record that is as new as the last one acknowledged, or newer', async () => {
    for (const number of [9, 10]) {
      await put('durable', record(number));
      const { status, stdout } = await check('durable durable 8\ndurable durable 9\n');
      assert.deepEqual([status, stdout], [0, 'durable (achieved: durable): 9 acknowledged, kept\n']);
    }
  });

  const broken: [what: string, content: string | undefined, acknowledged: string, says: RegExp][] = [
    ['an older record', record(5), 'durable durable 9\n', /the newest 4 are lost, AGAINST/],
    ['no record', undefined, 'durable durable 9\n', /the file is missing, AGAINST/],
    ['no record that was ordered', undefined, 'durable ordered 9\n', /the file is missing, AGAINST/],
    [
      'a mixture of two',
      record(9).slice(0, 2048) + record(8).slice(2048),
      'durable durable 9\n',
      /torn, AGAINST/,
    ],
    ['a torn record that was ordered', '9', 'durable ordered 9\n', /the file is torn, AGAINST/],
  ];
  for (const [what, content, acknowledged, says] of broken) {
    it(`fails with status 5 for ${what}`, async () => {
      if (content !== undefined) await put('durable', content);
      const { status, stdout } = await check(acknowledged);
      assert.equal(status, 5);
      assert.match(stdout, says);
      assert.match(stdout, /confirms flushes too early/);
    });
  }

  it('allows what the durability that was achieved allows, and an unfinished last line', async () => {
    await put('ordered', record(5));
    await put('none', 'x');
    const { status, stdout } = await check('ordered ordered 9\nnone none 9\nordered ordered 10');
    assert.deepEqual(
      [status, stdout],
      [
        0,
        'ordered (achieved: ordered): 9 acknowledged, the newest 4 are lost, within its promise\n' +
          'none (achieved: none): 9 acknowledged, the file is torn, within its promise\n',
      ],
    );
  });

  it('has records that --power-cut writes, with numbers that go on from those that are there', async () => {
    await put('none', record(41));
    running = start(['bench', '--power-cut'], directory);
    let printed = '';
    const { child, outcome } = running;
    child.stdout.on('data', (chunk: Buffer) => {
      printed += chunk.toString();
      if (!child.killed && /^none \w+ 43\n/m.test(printed)) child.kill();
    });
    assert.equal((await outcome).status, 143);
    assert.match(printed, /^durable \w+ 42\nordered \w+ 42\nnone \w+ 42\ndurable \w+ 43\n/);
    const checked = await run(['bench', '--power-cut-check', '-'], directory, printed);
    assert.deepEqual([checked.status, checked.stdout.match(/acknowledged, kept/g)?.length], [0, 3]);
  });
});
