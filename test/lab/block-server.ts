import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { SYSTEM_PATH } from './command.js';

/** Milliseconds between two checks whether the server has started. */
const POLL = 5;

/**
 * Mounts the export of an NBD server as a new file, as the backing file of a loop device. Flushes of the
 * device arrive at the server. nbdfuse starts `server` itself (by socket activation) and stops it when the
 * file is unmounted. So removing the workspace that the file is in ends both.
 *
 * @returns the file's path, when the file is ready.
 * @throws with the server's error output if the server does not start.
 */
export async function serveBlocks(file: string, server: readonly string[]): Promise<string> {
  const ready = `${file}.pid`;
  await writeFile(file, '', { flag: 'wx' });
  // A process group of its own: Ctrl-C must not end the server of a mounted filesystem.
  const nbdfuse = spawn('nbdfuse', ['-P', ready, file, '[', ...server, ']'], {
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, PATH: SYSTEM_PATH },
  });
  let errors = '';
  nbdfuse.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text;
  });
  const ended = once(nbdfuse, 'close').then(() => true);
  while (!existsSync(ready)) {
    if (await Promise.race([ended, sleep(POLL, false)])) {
      throw new Error(`${server[0]} did not start: ${errors.trim()}`);
    }
  }
  nbdfuse.stderr.destroy();
  nbdfuse.unref();
  return file;
}

/** The QEMU options of an image whose requests are logged (block-log.ts). */
export function loggedImage(image: string, log: string): string {
  return `driver=blklogwrites,log-super-update-interval=1,${fileOption('file', image)},${fileOption('log', log)}`;
}

/** QEMU's options for a file. A comma in a value is written twice. */
function fileOption(role: string, path: string): string {
  return `${role}.driver=file,${role}.filename=${path.replaceAll(',', ',,')}`;
}
