import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, it } from 'vitest';
import type { FullDisk } from '../../bench/contenders/contender.js';
import { loadContenders } from '../../bench/measure/load-contenders.js';
import { mountTmpfs } from '../lab/filesystems.js';
import { missingFor } from '../lab/requirements.js';
import { Workspace } from '../lab/workspace.js';

const missing = missingFor();
if (missing !== undefined) process.stderr.write(`full-disk-contenders.test.ts is skipped: ${missing}\n`);

const OLD = 'a few bytes of old content';
const TOO_LARGE = new Uint8Array(3 * 2 ** 20).fill(0x2a);

const { contenders } = await loadContenders();

describe.skipIf(missing !== undefined)('the behaviour on a full disk that the benchmark reports', () => {
  let workspace: Workspace;
  beforeAll(async () => {
    workspace = await Workspace.create();
  });
  afterAll(async () => {
    await workspace.remove();
  });

  for (const [index, contender] of contenders.entries()) {
    it(`is that of ${contender.name}`, async () => {
      const { directory } = await mountTmpfs(workspace, `full${index}`, 'size=1m');
      const subdirectory = join(directory, 'subdirectory');
      mkdirSync(subdirectory);
      const file = join(subdirectory, 'file');
      writeFileSync(file, OLD);
      let rejected = false;
      try {
        await contender.save(file, TOO_LARGE);
      } catch {
        rejected = true;
      }
      let seen: FullDisk = 'cut off';
      if (rejected && readFileSync(file, 'utf8') === OLD)
        seen = readdirSync(subdirectory).length > 1 ? 'litter' : 'kept';
      assert.equal(seen, contender.fullDisk);
    });
  }
});
