import assert from 'node:assert/strict';
import {
  closeSync,
  copyFileSync,
  fsyncSync,
  openSync,
  readFileSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { attachLoop, detachLoop, format, makeImage, mountDevice, sizeOf, unmount } from '../filesystems.js';
import { GUEST_TOOLS, missingFor } from '../requirements.js';
import { Workspace } from '../workspace.js';
import { debianKernel } from './debian-kernel.js';
import { RecoveryGuest } from './recovery.js';

const SERIES = '6.12';
const DISK = { format: 'ext4' as const };
/** Incompatible features of an ext4, and the one that says that its journal must be replayed. */
const FEATURES = 1024 + 0x60;
const NEEDS_RECOVERY = 4;

const missing = missingFor('mkfs.ext4', ...GUEST_TOOLS) ?? (await missingKernel());
if (missing !== undefined) process.stderr.write(`recovery.test.ts is skipped: ${missing}\n`);

async function missingKernel(): Promise<string | undefined> {
  return debianKernel(SERIES).then(
    () => undefined,
    (error: unknown) => String(error),
  );
}

describe.skipIf(missing !== undefined)('the recovery by another kernel', () => {
  let workspace: Workspace;
  let guest: RecoveryGuest;
  let state: string;
  beforeAll(async () => {
    workspace = await Workspace.create();
    const image = workspace.path('base.img');
    await makeImage(image, sizeOf(DISK));
    const device = await attachLoop(image);
    await format(DISK, device);
    const { directory } = await mountDevice(workspace, 'base', DISK, device);
    const file = openSync(join(directory, 'file'), 'w');
    for (const content of ['old', 'new']) {
      writeSync(file, content, 0);
      fsyncSync(file);
      copyFileSync(image, workspace.path(content));
    }
    closeSync(file);
    await unmount(directory);
    await detachLoop(device);
    state = workspace.path('state.img');
    await makeImage(state, sizeOf(DISK));
    guest = new RecoveryGuest(workspace, SERIES, DISK, state);
  });
  afterAll(async () => {
    await guest?.end();
    await workspace?.remove();
  });

  /** The file, as the running kernel reads it. */
  async function contentNow(name: string): Promise<string> {
    const device = await attachLoop(state);
    const { directory } = await mountDevice(workspace, name, DISK, device);
    const content = readFileSync(join(directory, 'file'), 'utf8');
    await unmount(directory);
    await detachLoop(device);
    return content;
  }

  function needsRecovery(): boolean {
    return (readFileSync(state).readUInt8(FEATURES) & NEEDS_RECOVERY) !== 0;
  }

  it('replays the journal of each state that the lab has written to the image', async () => {
    for (const content of ['old', 'new', 'old']) {
      copyFileSync(workspace.path(content), state);
      assert.ok(needsRecovery());
      assert.equal(await guest.recover(), undefined);
      assert.ok(!needsRecovery(), 'the guest has seen the state before it');
    }
    copyFileSync(workspace.path('new'), state);
    assert.equal(await guest.recover(), undefined);
    assert.equal(await contentNow('recovered'), 'new');
  });

  it('tells why the kernel refuses a state, and goes on with the next', async () => {
    writeFileSync(state, Buffer.alloc(sizeOf(DISK)));
    assert.match((await guest.recover()) ?? '', /^Linux 6\.12: mount: .*Invalid argument/);
    copyFileSync(workspace.path('new'), state);
    assert.equal(await guest.recover(), undefined);
  });
});
