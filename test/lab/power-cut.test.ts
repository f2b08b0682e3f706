import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { parseBlockLog, RequestCounter } from './block-log.js';
import { loggedImage, serveBlocks } from './block-server.js';
import type { CrashState } from './crash-states.js';
import {
  attachLoop,
  detachLoop,
  format,
  makeImage,
  mountDevice,
  released,
  sizeOf,
  unmount,
} from './filesystems.js';
import { missingFor } from './requirements.js';
import { StateImage } from './state-image.js';
import { Workspace } from './workspace.js';

const missing = missingFor('mkfs.ext4', 'qemu-nbd', 'nbdfuse');
if (missing !== undefined) process.stderr.write(`power-cut.test.ts is skipped: ${missing}\n`);

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const DISK = { format: 'ext4' as const };

describe.skipIf(missing !== undefined)('indelible bench --power-cut', () => {
  let workspace: Workspace;
  let acknowledged = '';
  /** Requests that the disk had completed when the first writer, and the second one, had ended. */
  let early = 0;
  let late = 0;
  let states: StateImage;
  beforeAll(async () => {
    workspace = await Workspace.create();
    const [base, image, log, state] = ['base', 'recorded', 'log', 'state'].map((name) =>
      workspace.path(`${name}.img`),
    ) as [string, string, string, string];
    await makeImage(base, sizeOf(DISK));
    await format(DISK, base);
    copyFileSync(base, image);
    await makeImage(log, 0);
    await makeImage(state, sizeOf(DISK));
    const options = loggedImage(image, log);
    const served = await serveBlocks(workspace.path('disk'), ['qemu-nbd', '--image-opts', options]);
    const { directory } = await mountDevice(workspace, 'recorded', DISK, await attachLoop(served));
    const requests = new RequestCounter(log);
    const first = await writeRecords(directory, 10);
    early = requests.now();
    // The numbers go on, beyond all that the first writer can have saved.
    acknowledged = await writeRecords(directory, lastNumber(first) + 20);
    late = requests.now();
    requests.close();
    states = new StateImage(state, base, sizeOf(DISK), parseBlockLog(readFileSync(log)), {
      superBlock: 1024,
    });
    writeFileSync(workspace.path('acknowledged'), acknowledged);
  });
  afterAll(async () => {
    states?.close();
    await workspace.remove();
  });

  /** @returns what was acknowledged, when the number has been saved durably and the writer has ended. */
  async function writeRecords(directory: string, number: number): Promise<string> {
    const child = spawn(process.execPath, [MAIN, 'bench', '--power-cut', directory]);
    let printed = '';
    child.stdout.on('data', (chunk: Buffer) => {
      printed += chunk.toString();
      if (!child.killed && printed.includes(`durable durable ${number}\n`)) child.kill();
    });
    const [status] = await once(child, 'close');
    assert.equal(status, 143);
    return printed;
  }

  function lastNumber(printed: string): number {
    return Math.max(...[...printed.matchAll(/ (\d+)\n/g)].map(([, number]) => Number(number)));
  }

  /** What the check says of the disk in this state. */
  async function check(name: string, state: Omit<CrashState, 'seed'>) {
    states.become({ ...state, seed: 1 });
    const device = await attachLoop(workspace.path('state.img'));
    const { directory } = await mountDevice(workspace, name, DISK, device);
    const args = [MAIN, 'bench', '--power-cut-check', workspace.path('acknowledged'), directory];
    const child = spawn(process.execPath, args);
    const [stdout, [status]] = await Promise.all([text(child.stdout), once(child, 'close')]);
    await unmount(directory);
    await released(device);
    await detachLoop(device);
    return { stdout, status };
  }

  it('finds every durable record on a disk that loses its cache and has kept its flushes', async () => {
    const { stdout, status } = await check('honest', { position: late, pending: 'none' });
    assert.match(stdout, /^durable \(achieved: durable\): \d+ acknowledged, kept\n/);
    assert.doesNotMatch(stdout, /AGAINST/);
    assert.equal(status, 0);
  });

  it('finds that a disk has lied that loses what it had confirmed since an earlier moment', async () => {
    const { stdout, status } = await check('lying', { position: early, pending: 'none' });
    assert.match(
      stdout,
      /^durable \(achieved: durable\): \d+ acknowledged, the newest \d+ are lost, AGAINST its promise\n/,
    );
    assert.match(stdout, /^ordered .* the newest \d+ are lost, within its promise$/m);
    assert.match(stdout, /confirms flushes too early\.\n$/);
    assert.equal(status, 5);
  });
});
