import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { failedWith } from '../../src/base/fs-error.js';
import { thisMachine } from '../../src/filesystem/machine.js';
import { readMounts } from '../../src/filesystem/mounts.js';
import { command } from '../lab/command.js';
import type { Workspace } from '../lab/workspace.js';

/** A FUSE filesystem whose server can be stopped. */
export interface Stoppable {
  /** Where its files are. */
  readonly source: string;
  readonly mount: string;
  /** That of its server. */
  readonly pid: number | undefined;
  /** Returns when the server answers nothing any more. */
  stop(): Promise<void>;
  continue(): void;
  /** The server must answer. */
  unmount(): Promise<void>;
}

export async function mountStoppable(
  workspace: Workspace,
  name: string,
  mount = workspace.path(name),
): Promise<Stoppable> {
  const source = workspace.path(`${name}-source`);
  for (const directory of [source, mount]) mkdirSync(directory, { recursive: true });
  const server = spawn('bindfs', ['-f', source, mount], { stdio: 'ignore' });
  const isMounted = (): boolean =>
    (readMounts(thisMachine) ?? []).some(({ point }) => point.toString() === mount);
  while (!isMounted()) {
    assert.equal(server.exitCode, null, 'bindfs has ended');
    await sleep(10);
  }
  return {
    source,
    mount,
    pid: server.pid,
    async stop() {
      server.kill('SIGSTOP');
      while (stateOf(server) !== 'T') await sleep(10);
    },
    continue() {
      server.kill('SIGCONT');
    },
    async unmount() {
      await command('umount', mount);
      if (server.exitCode === null) await once(server, 'exit');
    },
  };
}

/**
 * Waits until the process has called exit_group(2). The kernel keeps its threads until the server answers what
 * they have asked it.
 */
export async function hasExited(process: ChildProcess): Promise<void> {
  while (stateOf(process) !== 'Z') await sleep(50);
}

/** `Z` also if the process is gone. */
function stateOf({ pid }: ChildProcess): string | undefined {
  try {
    // The state follows the name in parentheses (proc_pid_stat(5)).
    return /\) (\w) /.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.[1];
  } catch (error) {
    if (failedWith(error, 'ENOENT', 'ESRCH')) return 'Z';
    throw error;
  }
}
