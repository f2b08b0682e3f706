import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { mountTmpfs } from '../lab/filesystems.js';
import type { Workspace } from '../lab/workspace.js';
import { resultOf } from './installation.js';
import { storedIn } from './stored.js';
import { type Application, FORMS } from './table.js';

/** What `programs/fill-disk.mjs` prints: the file that it saved to, and the error when the disk was full. */
interface Filled {
  file: string;
  code?: string;
  message?: string;
}

/**
 * Lets an application save 3 MB on a disk of 1 MB, over a version that it has saved before. In the replaced form
 * it is told that the disk is full, and the old version is still there, alone.
 *
 * @returns what is found in each form.
 */
export async function fillDisk(application: Application, workspace: Workspace): Promise<string> {
  const found: string[] = [];
  for (const form of FORMS) {
    const { directory: disk } = await mountTmpfs(workspace, `${application.name}-${form}`, 'size=1m');
    const directory = join(disk, 'files');
    mkdirSync(directory);
    const args = [application.name, directory];
    const run = { form, applications: [application], program: 'fill-disk.mjs', args };
    const { file, code, message } = (await resultOf(run)) as Filled;
    const stored = storedIn(file);
    if (form === 'replaced') {
      assert.equal(code, 'ENOSPC', message);
      assert.deepEqual(stored, { version: 1, leftovers: [] });
    }
    const content =
      stored.version === undefined ? 'the file is cut off' : `version ${stored.version} is kept`;
    const beside = stored.leftovers.length === 0 ? '' : `, ${stored.leftovers.length} temporary left`;
    found.push(`${form}: ${code ?? message ?? 'no error'}, ${content}${beside}`);
  }
  return found.join('; ');
}
