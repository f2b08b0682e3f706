import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { save } from '../../src/index.js';
import { command } from '../lab/command.js';
import { mountDisk, mountTmpfs } from '../lab/filesystems.js';
import { missingFor } from '../lab/requirements.js';
import { Workspace } from '../lab/workspace.js';
import { ended, startProgram } from '../node-process.js';
import { hasExited, mountStoppable } from './stoppable.js';

const missing = missingFor('mkfs.ext4', 'bindfs');
if (missing !== undefined) process.stderr.write(`hung.test.ts is skipped: ${missing}\n`);

describe.skipIf(missing !== undefined)('a filesystem that hangs', () => {
  let workspace: Workspace;

  beforeAll(async () => {
    workspace = await Workspace.create();
  });
  afterAll(async () => {
    await workspace.remove();
  });

  it('does not hold up the saves that make directories on another filesystem', async () => {
    const frozen = await mountDisk(workspace, 'frozen', { format: 'ext4' });
    const disk = await mountDisk(workspace, 'disk', { format: 'ext4' });
    // The plans are known.
    for (const { directory } of [frozen, disk]) await save(`${directory}/file`, 'old');
    await command('fsfreeze', '--freeze', frozen.directory);
    let hanging: Promise<unknown>[];
    try {
      hanging = ['a', 'b', 'c'].map((name) =>
        save(`${frozen.directory}/${name}/d/file`, 'new', { makeDirectories: true }),
      );
      // One hangs in mkdir(2) by then.
      await sleep(100);
      await save(`${disk.directory}/a/b/file`, 'new', { makeDirectories: true });
      await save(`${disk.directory}/a/c/file`, 'new', { makeDirectories: true });
    } finally {
      await command('fsfreeze', '--unfreeze', frozen.directory);
    }
    await Promise.all(hanging);
    assert.equal(readFileSync(`${frozen.directory}/c/d/file`, 'utf8'), 'new');
    assert.equal(readFileSync(`${disk.directory}/a/c/file`, 'utf8'), 'new');
  });

  it('does not stop the event loop where a path led to memory before', async () => {
    const memory = await mountTmpfs(workspace, 'memory');
    const directory = `${memory.directory}/mounted`;
    mkdirSync(directory);
    for (const content of ['1', '2', '3']) await save(`${directory}/file`, content);
    // FUSE mounts nothing over a directory that is not empty.
    rmSync(`${directory}/file`);
    const stalled = await mountStoppable(workspace, 'over-memory', directory);
    let saving: Promise<unknown>;
    let turned = false;
    await stalled.stop();
    try {
      const alarm = spawn('sh', ['-c', `sleep 60; kill -CONT ${stalled.pid}`], { stdio: 'ignore' });
      saving = save(`${directory}/file`, 'new');
      await sleep(10);
      turned = alarm.exitCode === null;
      alarm.kill();
    } finally {
      stalled.continue();
    }
    await saving;
    assert.ok(turned, 'the event loop has stopped until the filesystem answered');
    assert.equal(readFileSync(`${stalled.source}/file`, 'utf8'), 'new');
    await stalled.unmount();
    assert.deepEqual(readdirSync(directory), []);
  });

  // At once, since each waits for as long as the end of a process may take.
  it.concurrent.each(['exit', 'terminate'])('does not keep a process from its end by %s', async (how) => {
    const stalled = await mountStoppable(workspace, how);
    const { source, mount } = stalled;
    const other = workspace.path(`${how}-other`);
    mkdirSync(other);
    for (const name of ['file', 'stream']) writeFileSync(`${source}/${name}`, 'old');
    try {
      const program = startProgram('save-to-hung.mjs', [how, mount, other], { INDELIBLE_ENGINE: 'native' });
      await once(program.stdout, 'data');
      await stalled.stop();
      const end = ended(program);
      await hasExited(program);
      stalled.continue();
      const { code, signal, stderr } = await end;
      assert.deepEqual([code, signal, stderr], [7, null, '']);
      assert.equal(readFileSync(`${other}/file`, 'utf8'), 'new');
    } finally {
      stalled.continue();
      await stalled.unmount();
    }
    for (const name of ['file', 'stream']) assert.equal(readFileSync(`${source}/${name}`, 'utf8'), 'old');
    assert.equal(readdirSync(source).includes('other'), false);
  });
});
