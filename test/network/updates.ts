import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { close, openSync, readFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';
import { save, update } from 'indelible';
import { PROJECT_ROOT } from '../lab/project-root.js';
import type { Cluster } from './cluster.js';
import type { Sshfs } from './fuse.js';
import { type PartResult, resultOf } from './results.js';
import { settled } from './wait.js';

const PROCESSES_PER_CLIENT = 2;
/** A process waits for the others: none may be given up because the machine is slow. */
const OPTIONS = { timeout: 600_000, retries: 10 };

/**
 * Lets two clients add to one counter by `update`. Meanwhile one of them polls the name, and both list the directory: a
 * client remembers the sizes from a listing, also those of files that are only being written.
 */
export async function updateOnTwoClients(cluster: Cluster, updates: number): Promise<PartResult> {
  const mounts = ([1, 2] as const).map((client) => cluster.mountOf(client));
  const [first = '', second = ''] = mounts.map((mount) => join(mount, 'counter'));
  await save(first, '0');
  const children = [first, second].flatMap((path) =>
    Array.from({ length: PROCESSES_PER_CLIENT }, () => addTo(path, updates)),
  );
  let running = true;
  const listing = mounts.map(async (mount) => {
    // What it finds, or whether it fails, does not matter.
    for (; running; await pause(1)) await readdir(mount).catch(() => undefined);
  });
  const polled = { reads: 0, missing: 0 };
  const polling = (async () => {
    for (; running; await pause(1)) {
      polled.reads += 1;
      try {
        await readFile(second);
      } catch (error) {
        // Other errors: the other client has replaced the file between two calls, but its name was there.
        const { code, syscall } = error as NodeJS.ErrnoException;
        if (code === 'ENOENT' && syscall === 'open') polled.missing += 1;
      }
    }
  })();
  const ends = await settled('the updates', Promise.all(children)).finally(() => {
    running = false;
  });
  await Promise.all([polling, ...listing]);
  await cluster.mountClient(2);
  const expected = updates * children.length;
  const found = Number(readFileSync(second, 'utf8'));
  return resultOf(
    [
      { what: 'every update resolves', against: ends.filter((said) => said !== '') },
      {
        what: 'no update is lost',
        against: found === expected ? [] : [`${found} of ${expected} updates are there`],
      },
      {
        what: 'the name is never missing',
        against: polled.missing === 0 ? [] : [`missing in ${polled.missing} of ${polled.reads} reads`],
      },
    ],
    `${found} of ${expected} updates, ${polled.reads} reads beside them`,
  );
}

/**
 * Lets two clients take turns while a program on one of them has the version open that the other one replaces. The
 * server keeps it so long, and the client remembers its name.
 */
export async function updateBesideReader(cluster: Cluster, turns: number): Promise<PartResult> {
  const [first, second] = ([1, 2] as const).map((client) => join(cluster.mountOf(client), 'held'));
  if (first === undefined || second === undefined) throw new Error('there is no second client');
  const add = (path: string) =>
    update(path, (number) => String(Number(number) + 1), { encoding: 'utf8', timeout: OPTIONS.timeout });
  await save(first, '0');
  const refused: string[] = [];
  let acknowledged = 0;
  for (let turn = 0; turn < turns; turn += 1) {
    const held = openSync(first, 'r');
    for (const path of [second, first]) {
      try {
        await add(path);
        acknowledged += 1;
      } catch (error) {
        refused.push(String(error));
      }
    }
    // It may fail with ESTALE: the file is gone.
    close(held, () => undefined);
  }
  await cluster.mountClient(2);
  const found = Number(readFileSync(second, 'utf8'));
  return resultOf(
    [
      { what: 'every update resolves', against: refused },
      {
        what: 'no update is lost',
        against: found === acknowledged ? [] : [`${found} of ${acknowledged} updates are there`],
      },
    ],
    `${found} of ${acknowledged} updates`,
  );
}

/** Returns what the program has complained of. */
async function addTo(path: string, updates: number): Promise<string> {
  const program = join(PROJECT_ROOT, 'test/programs/update-counter.mjs');
  const args = [program, path, String(updates), '1', JSON.stringify(OPTIONS)];
  const child = spawn(process.execPath, args, {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, INDELIBLE_ENGINE: 'native' },
  });
  const [[status], said] = await Promise.all([once(child, 'close'), text(child.stderr)]);
  return status === 0 ? '' : (/^Error: .*/m.exec(said)?.[0] ?? `ended with ${status}`);
}

/** A filesystem that machines share, without a lock that reaches the others. */
export async function updateWithoutLock(sshfs: Sshfs): Promise<PartResult> {
  const path = join(sshfs.mount, 'counter');
  const errorOf = (options?: object): Promise<unknown> =>
    update(path, () => 'new', options).then(
      () => 'resolved',
      (error: unknown) => error,
    );
  const byDefault = (await errorOf()) as { code?: unknown; message?: string };
  const onThisMachine = await errorOf({ lock: 'machine' });
  return resultOf(
    [
      {
        what: 'update rejects where no lock reaches the other machines, and says what may be asked for',
        against:
          byDefault.code === 'ERR_INDELIBLE_UNSUPPORTED' && byDefault.message?.includes("'machine'")
            ? []
            : [String(byDefault)],
      },
      {
        what: "update with lock: 'machine' resolves",
        against: onThisMachine === 'resolved' ? [] : [String(onThisMachine)],
      },
    ],
    '',
  );
}
