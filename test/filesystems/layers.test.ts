import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { engines } from '../engines.js';
import { command } from '../lab/command.js';
import { type Mounted, mountDisk, mountFuse, mountTmpfs } from '../lab/filesystems.js';
import { missingFor } from '../lab/requirements.js';
import { Workspace } from '../lab/workspace.js';
import { ended, startProgram } from '../node-process.js';

const missing = missingFor('mkfs.ext4', 'bindfs');
if (missing !== undefined) process.stderr.write(`layers.test.ts is skipped: ${missing}\n`);

/** What `check-calls.mjs` prints of a call. */
interface Outcome {
  impossible?: boolean;
  refused?: string;
  message?: string;
  wrong: string[];
}

/** The calls that plain `fs` cannot make, nor, depending on their version, programs that serve a filesystem. */
const NOT_PORTABLE =
  /^(update(?!Thread|KeepPrevious)|temporary|exchange|rename|replaceDirectory|replaceEmptyDirectory)/;
/** The calls that rename a directory of a lower layer, and not only into one of the upper layer. */
const RENAMES_LOWER =
  /^(exchangeDirectories|renameDirectory|replaceDirectory(?!MadeKeep)|replaceEmptyDirectory|placeDirectory$|replaceDirectoryMadeKeep)/;

describe.skipIf(missing !== undefined)('every call', () => {
  let workspace: Workspace;
  let disk: Mounted;
  let memory: Mounted;
  let count = 0;

  beforeAll(async () => {
    workspace = await Workspace.create();
    disk = await mountDisk(workspace, 'disk', { format: 'ext4' });
    memory = await mountTmpfs(workspace, 'memory');
  });
  afterAll(async () => {
    await workspace.remove();
  });

  async function program(phase: string, directory: string, engine: string): Promise<string> {
    const run = startProgram('check-calls.mjs', [phase, directory], {
      INDELIBLE_ENGINE: engine,
    });
    const { code, stdout, stderr } = await ended(run);
    assert.equal(code, 0, stderr);
    return stdout;
  }

  /** What was refused. Everything else has worked, and what was refused has changed nothing. */
  async function refusedIn(directory: string, engine: string): Promise<Record<string, string>> {
    const outcomes: Record<string, Outcome> = JSON.parse(await program('run', directory, engine));
    const wrong = Object.entries(outcomes).filter(([, outcome]) => outcome.wrong.length > 0);
    assert.deepEqual(wrong, []);
    return Object.fromEntries(
      Object.entries(outcomes).flatMap(([call, { refused, impossible }]) =>
        refused === undefined && !impossible ? [] : [[call, refused ?? 'impossible']],
      ),
    );
  }

  /** @returns the codes with which calls were refused, for calls that the pattern does not name. */
  const others = (refused: Record<string, string>, expected: RegExp): [string, string][] =>
    Object.entries(refused).filter(([call]) => !expected.test(call));

  for (const engine of engines) {
    const mayRefuse = engine === 'native' ? /^$/ : NOT_PORTABLE;

    for (const [what, options] of [
      ['an overlay', 'xino=on'],
      ['an overlay that redirects directories', 'redirect_dir=on,index=on,metacopy=on'],
    ] as const) {
      it(`of the ${engine} engine works on files of the lower layers of ${what}, or changes nothing`, async () => {
        count += 1;
        const [lower, between] = [
          join(memory.directory, `${count}`),
          join(memory.directory, `${count}-between`),
        ];
        const [upper, work] = [join(disk.directory, `${count}`), join(disk.directory, `${count}-work`)];
        for (const directory of [lower, upper, work]) mkdirSync(directory);
        mkdirSync(join(between, 'save'), { recursive: true });
        await program('prepare', lower, engine);
        const merged = workspace.path(`overlay-${count}`);
        mkdirSync(merged);
        const layers = `lowerdir=${between}:${lower},upperdir=${upper},workdir=${work}`;
        await command('mount', '-t', 'overlay', '-o', `${layers},${options}`, 'overlay', merged);
        const refused = await refusedIn(merged, engine);
        if (options.includes('redirect_dir')) {
          assert.deepEqual(others(refused, mayRefuse), []);
        } else {
          const codes = new Set(others(refused, mayRefuse).map(([, code]) => code));
          assert.deepEqual(others(refused, new RegExp(`${mayRefuse.source}|${RENAMES_LOWER.source}`)), []);
          assert.deepEqual([...codes], ['EXDEV']);
        }
      });
    }

    it(`of the ${engine} engine works on FUSE, or changes nothing`, async () => {
      const { directory } = await mountFuse(workspace, `fuse-${engine}`);
      await program('prepare', directory, engine);
      const refused = others(await refusedIn(directory, engine), NOT_PORTABLE);
      assert.deepEqual(refused, [['strict', 'ERR_INDELIBLE_NOT_DURABLE']]);
    });
  }
});
