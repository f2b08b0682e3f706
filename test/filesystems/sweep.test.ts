import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { engines } from '../engines.js';
import { mountFuse } from '../lab/filesystems.js';
import { missingFor } from '../lab/requirements.js';
import { Workspace } from '../lab/workspace.js';
import { ended, startProgram } from '../node-process.js';

const missing = missingFor('bindfs');
if (missing !== undefined) process.stderr.write(`sweep.test.ts is skipped: ${missing}\n`);

describe.skipIf(missing !== undefined)('sweep', () => {
  let workspace: Workspace;
  let mounted = '';
  const source = () => workspace.path('fuse-source');

  beforeAll(async () => {
    workspace = await Workspace.create();
    mounted = (await mountFuse(workspace, 'fuse')).directory;
  });
  afterAll(async () => {
    await workspace.remove();
  });

  async function sweptBy(engine: string, directory: string): Promise<unknown> {
    const call = JSON.stringify({ call: 'sweepSync', arguments: [directory] });
    const { code, stdout, stderr } = await ended(
      startProgram('call-as.mjs', [call], { INDELIBLE_ENGINE: engine }),
    );
    assert.equal(code, 0, stderr);
    return JSON.parse(stdout).result;
  }

  for (const engine of engines) {
    for (const [through, from] of [
      ['a FUSE mount', 'its source'],
      ['the source of a FUSE mount', 'the mount'],
    ]) {
      it(`of the ${engine} engine in ${from} removes nothing that another process writes through ${through}`, async () => {
        const [written, swept] = through === 'a FUSE mount' ? [mounted, source()] : [source(), mounted];
        const child = startProgram('stream-and-hold.mjs', [join(written, 'file')], {
          INDELIBLE_ENGINE: engine,
        });
        await once(child.stdout, 'data');
        assert.deepEqual(await sweptBy(engine, swept), []);
        const { code, stderr } = await ended(child);
        assert.deepEqual([code, stderr], [0, '']);
        assert.equal(readFileSync(join(swept, 'file'), 'utf8'), 'first last');
        assert.deepEqual(readdirSync(swept), ['file']);
      });
    }
  }
});
