import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { thisMachine } from '../../src/filesystem/machine.js';
import { readMounts } from '../../src/filesystem/mounts.js';
import { save } from '../../src/index.js';
import { command } from '../lab/command.js';
import { mountDisk, mountTmpfs } from '../lab/filesystems.js';
import { missingFor } from '../lab/requirements.js';
import { Workspace } from '../lab/workspace.js';
import { ended, startProgram } from '../node-process.js';

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

  /** A FUSE filesystem whose server can be stopped. */
  async function mountStoppable(
    name: string,
    mount = workspace.path(name),
  ): Promise<{ source: string; mount: string; server: ChildProcess }> {
    const source = workspace.path(`${name}-source`);
    for (const directory of [source, mount]) mkdirSync(directory, { recursive: true });
    const server = spawn('bindfs', ['-f', source, mount], { stdio: 'ignore' });
    const isMounted = (): boolean =>
      (readMounts(thisMachine) ?? []).some(({ point }) => point.toString() === mount);
    while (!isMounted()) await sleep(10);
    return { source, mount, server };
  }

  it('does not stop the event loop where a path led to memory before', async () => {
    const memory = await mountTmpfs(workspace, 'memory');
    const directory = `${memory.directory}/mounted`;
    mkdirSync(directory);
    for (const content of ['1', '2', '3']) await save(`${directory}/file`, content);
    // FUSE mounts nothing over a directory that is not empty.
    rmSync(`${directory}/file`);
    const { source, mount, server } = await mountStoppable('over-memory', directory);
    let saving: Promise<unknown>;
    let turned = false;
    server.kill('SIGSTOP');
    try {
      // Stopped: it answers nothing.
      while (!/\) T /.test(readFileSync(`/proc/${server.pid}/stat`, 'utf8'))) await sleep(10);
      const alarm = spawn('sh', ['-c', `sleep 5; kill -CONT ${server.pid}`], { stdio: 'ignore' });
      saving = save(`${directory}/file`, 'new');
      await sleep(10);
      turned = alarm.exitCode === null;
      alarm.kill();
    } finally {
      server.kill('SIGCONT');
    }
    await saving;
    assert.ok(turned, 'the event loop has stopped until the filesystem answered');
    assert.equal(readFileSync(`${source}/file`, 'utf8'), 'new');
    await command('umount', mount);
    if (server.exitCode === null) await once(server, 'exit');
    assert.deepEqual(readdirSync(directory), []);
  });

  /**
   * Waits until the process has called exit_group(2). The kernel keeps its threads until the server answers
   * what they have asked it.
   */
  async function hasExited({ pid }: ChildProcess): Promise<void> {
    for (;;) {
      // The state follows the name in parentheses (proc_pid_stat(5)).
      if (/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))) return;
      await sleep(50);
    }
  }

  // At once, since each waits for as long as the end of a process may take.
  it.concurrent.each(['exit', 'terminate'])('does not keep a process from its end by %s', async (how) => {
    const { source, mount, server } = await mountStoppable(how);
    const other = workspace.path(`${how}-other`);
    mkdirSync(other);
    for (const name of ['file', 'stream']) writeFileSync(`${source}/${name}`, 'old');
    try {
      const program = startProgram('save-to-hung.mjs', [how, mount, other], { INDELIBLE_ENGINE: 'native' });
      await once(program.stdout, 'data');
      server.kill('SIGSTOP');
      const end = ended(program);
      await hasExited(program);
      server.kill('SIGCONT');
      const { code, signal, stderr } = await end;
      assert.deepEqual([code, signal, stderr], [7, null, '']);
      assert.equal(readFileSync(`${other}/file`, 'utf8'), 'new');
    } finally {
      server.kill('SIGCONT');
      await command('umount', mount);
      if (server.exitCode === null) await once(server, 'exit');
    }
    for (const name of ['file', 'stream']) assert.equal(readFileSync(`${source}/${name}`, 'utf8'), 'old');
    assert.equal(readdirSync(source).includes('other'), false);
  });
});
