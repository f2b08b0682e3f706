/**
 * Programs from the npm registry save through this package in the place of their own writers: each does its own job in both
 * forms, some are killed, and all but Jest run into a full disk.
 *
 *     npm run test:applications
 *
 * Needs the npm registry, and root for the full disk. Prints a table. Fails if the replaced form does not do the same, or
 * breaks a promise; what the original loses is shown.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Checks, expect } from '../../packaging/checks.js';
import { projectRoot } from '../../packaging/run.js';
import { formatCounts } from '../lab/report.js';
import { missingFor } from '../lab/requirements.js';
import { Workspace } from '../lab/workspace.js';
import { fillDisk } from './full-disk.js';
import { install } from './installation.js';
import { compareJobs } from './job.js';
import { type Damage, KILLS, killWhileSaving } from './kill.js';
import { APPLICATIONS, type Application, type Form, replacementOf } from './table.js';

const KILLED = ['configstore', 'node-persist'];
const NOT_ON_A_FULL_DISK = ['jest'];

const { json } = parseArgs({ options: { json: { type: 'string' } } }).values;
install();

const checks = new Checks('program', 'saves with', 'replaced by', 'what');
const row = (application: Application, what: string) => [
  application.name,
  application.writer,
  replacementOf(application),
  what,
];
const missing = missingFor();
// On a disk, where a save is durable.
const scratch = mkdtempSync(join(projectRoot, 'build/applications/scratch-'));
const workspace = await Workspace.create();
try {
  for (const application of APPLICATIONS) {
    await checks.run(row(application, 'does its job'), () => compareJobs(application, scratch));
  }
  for (const application of APPLICATIONS) {
    if (NOT_ON_A_FULL_DISK.includes(application.name)) continue;
    const what = row(application, 'on a full disk');
    if (missing !== undefined) checks.notRun(what, missing);
    else await checks.run(what, () => fillDisk(application, workspace));
  }
  const killed = APPLICATIONS.filter(({ name }) => KILLED.includes(name));
  let damage: ReturnType<typeof killWhileSaving> | undefined;
  for (const application of killed) {
    await checks.run(row(application, 'killed while it saves'), async () => {
      damage ??= killWhileSaving(killed, scratch);
      const found = await damage;
      const [original, replaced] = [found.original, found.replaced].map((form) => form.get(application.name));
      assert(original !== undefined && replaced !== undefined);
      expect(
        Object.values(replaced).every((count) => count === 0),
        described('replaced', replaced),
      );
      return `${described('original', original)}; ${described('replaced', replaced)}`;
    });
  }
} finally {
  await workspace.remove();
  rmSync(scratch, { recursive: true, force: true });
}
checks.finish();
if (json !== undefined) writeFileSync(json, formatCounts(checks.counts));

function described(form: Form, { unreadable, lost, leftovers }: Damage): string {
  return `${form}, ${KILLS} times: ${unreadable} unreadable, ${lost} lost, ${leftovers} temporaries left`;
}
