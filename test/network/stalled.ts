import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';
import { sweep } from 'indelible';
import { PROJECT_ROOT } from '../lab/project-root.js';
import type { Sshfs } from './fuse.js';
import { type PartResult, resultOf } from './results.js';
import type { Stalled } from './stalled-saver.js';
import { settled } from './wait.js';

/** How long the server is stopped if the calls wait for it, which they must not. */
const STOPPED_MS = 10_000;

/** Aborts saves while the server is stopped. What must come before it continues is judged by the order alone. */
export async function abortWhileStopped(sshfs: Sshfs, directory: string): Promise<PartResult> {
  const [stalled, local] = [join(sshfs.mount, 'stalled'), join(directory, 'disk/local')];
  for (const path of [stalled, local]) await mkdir(path);
  const program = join(PROJECT_ROOT, 'build/test/network/stalled-saver.js');
  const child = spawn(process.execPath, [program, stalled, local], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, INDELIBLE_ENGINE: 'native' },
  });
  const ended = Promise.all([once(child, 'close'), text(child.stderr)]);
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  await settled('the first save', lines.next());
  await sshfs.stopServer();
  child.stdin.write('\n');
  const line = lines.next();
  const inTime = await Promise.race([line.then(() => true), pause(STOPPED_MS, false)]);
  sshfs.continueServer();
  const { value } = await settled('the aborted calls', line);
  child.stdin.end();
  const [[status], said] = await settled('the program ends', ended);
  if (status !== 0) throw new Error(`the program ended with ${status}: ${said}`);
  const { outcomes, abortMs, localMs } = JSON.parse(value) as Stalled;
  const below = join(sshfs.source, 'stalled');
  await sweep(below);
  const names = await readdir(below);
  return resultOf(
    [
      {
        what: 'aborted calls and a save beside them settle while the server is stopped',
        against: inTime ? [] : [`not within ${STOPPED_MS} ms`],
      },
      ...Object.entries(outcomes).map(([call, codes]) => ({
        what: `every aborted ${call} rejects with ABORT_ERR`,
        against: codes.filter((code) => code !== 'ABORT_ERR'),
      })),
      { what: 'nothing is left of aborted saves', against: names.filter((name) => name !== 'file') },
      {
        what: 'the old version is there',
        against: (await readFile(join(below, 'file'), 'utf8')) === 'old' ? [] : ['it is not'],
      },
    ],
    `rejected ${abortMs.toFixed(0)} ms after the signal; the save to a local disk took ${localMs.toFixed(0)} ms`,
  );
}
