import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { missingFor } from '../lab/requirements.js';
import { Workspace } from '../lab/workspace.js';
import { ended, startProgram } from '../node-process.js';
import { hasExited, mountStoppable, type Stoppable } from './stoppable.js';

const missing = missingFor('bindfs');
if (missing !== undefined) process.stderr.write(`stalled.test.ts is skipped: ${missing}\n`);

/** So many calls of each kind that they would occupy every thread and every slot. */
const MANY = 300;

const SAVES = ['save', 'large', 'keep', 'chunks', 'stream', 'saver', 'all'];
const ABORTED = 'AbortError ABORT_ERR false';

describe.skipIf(missing !== undefined)('a server that does not answer', () => {
  let workspace: Workspace;

  beforeAll(async () => {
    workspace = await Workspace.create();
  });
  afterAll(async () => {
    await workspace.remove();
  });

  async function printedBy(program: ReturnType<typeof startProgram>): Promise<string> {
    const end = once(program, 'exit').then(() => ['the program has ended']);
    const [printed] = await Promise.race([once(program.stdout, 'data'), end]);
    return String(printed);
  }

  /** Aborts the calls while the server is stopped. They can only reject without it. */
  async function abortAll(
    engine: 'native' | 'portable',
    name: string,
    count: number,
    how: 'beside' | 'alone' | 'leaves',
    then: (program: ReturnType<typeof startProgram>, stalled: Stoppable) => Promise<void>,
  ): Promise<void> {
    const stalled = await mountStoppable(workspace, name);
    const other = workspace.path(`${name}-other`);
    mkdirSync(other);
    const args = [stalled.mount, other, String(count), how];
    const program = startProgram('save-to-stalled.mjs', args, { INDELIBLE_ENGINE: engine });
    program.stderr.pipe(process.stderr);
    try {
      assert.equal(await printedBy(program), 'ready\n');
      await stalled.stop();
      program.stdin.write('stopped\n');
      const printed = await printedBy(program);
      const native = engine === 'native';
      const others = how === 'leaves' ? [] : ['update', ...(native ? ['temporary'] : [])];
      const expected = {
        ...Object.fromEntries([...SAVES, ...others].map((kind) => [kind, { [ABORTED]: count }])),
        same: { [ABORTED]: 5 },
        writing: { [ABORTED]: 1 },
        ending: { [ABORTED]: 1 },
        ...(native && { replace: { [ABORTED]: 1 } }),
      };
      assert.deepEqual(JSON.parse(printed), expected);
      if (how === 'beside') assert.equal(readdirSync(other).length, 1 + 20 * 3 + 1);
      await then(program, stalled);
    } finally {
      stalled.continue();
      if (program.exitCode === null) program.kill('SIGKILL');
      await stalled.unmount();
    }
    assert.equal(readFileSync(`${stalled.source}/file`, 'utf8'), 'old');
  }

  /** The server answers again, and the calls remove what they have left. */
  async function cleanUp(program: ReturnType<typeof startProgram>, stalled: Stoppable): Promise<void> {
    stalled.continue();
    while (readdirSync(stalled.source).length > 1) await sleep(10);
    assert.deepEqual(readdirSync(stalled.source), ['file']);
    const { code, signal } = await ended(program);
    assert.deepEqual([code, signal], [0, null]);
  }

  for (const engine of ['native', 'portable'] as const) {
    it(`does not keep an aborted call from rejecting, which is undone when it answers (${engine})`, async () => {
      await abortAll(engine, engine, 2, 'alone', cleanUp);
    });
  }

  it('holds up no call for another filesystem, although many wait for it', async () => {
    await abortAll('native', 'many', MANY, 'beside', cleanUp);
  });

  it('does not keep a process alive for the saves that were aborted', async () => {
    await abortAll('native', 'alive', 2, 'leaves', async (program) => {
      program.stdin.end();
      await hasExited(program);
    });
  });
});
