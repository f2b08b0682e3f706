import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { SYSTEM_PATH } from './command.js';
import type { Workspace } from './workspace.js';

/** How often it is looked whether the server has come up, in milliseconds. */
const POLL = 5;

/**
 * Shows what an NBD server exports as the file `name` in the workspace, for a loop device to stand on; flushes of the
 * device arrive at the server. nbdfuse starts `server` itself (over socket activation) and takes it down when the file
 * is unmounted, so removing the workspace ends both.
 *
 * @returns the file's path, once it can be used.
 * @throws with the server's error output if it does not come up.
 */
export async function serveBlocks(
  workspace: Workspace,
  name: string,
  server: readonly string[],
): Promise<string> {
  const file = workspace.path(name);
  const ready = workspace.path(`${name}.pid`);
  await writeFile(file, '', { flag: 'wx' });
  // A process group of its own: Ctrl-C must not take the disk from under a filesystem that is mounted on it.
  const nbdfuse = spawn('nbdfuse', ['-P', ready, file, '[', ...server, ']'], {
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, PATH: SYSTEM_PATH },
  });
  let complaint = '';
  nbdfuse.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint += text;
  });
  const ended = once(nbdfuse, 'close').then(() => true);
  while (!existsSync(ready)) {
    if (await Promise.race([ended, sleep(POLL, false)])) {
      throw new Error(`${server[0]} did not start: ${complaint.trim()}`);
    }
  }
  nbdfuse.stderr.destroy();
  nbdfuse.unref();
  return file;
}
