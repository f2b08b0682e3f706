import assert from 'node:assert/strict';
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeAll, beforeEach, describe, it } from 'vitest';
import { command } from './command.js';
import { bindFile, mountDisk, mountFuse, mountOverlay, mountTmpfs } from './filesystems.js';
import { PROJECT_ROOT } from './project-root.js';
import { missingFor } from './requirements.js';
import { mountSlowDisk } from './slow-disk/slow-disk.js';
import { Workspace } from './workspace.js';

const missing = missingFor(
  'mkfs.ext4',
  'mkfs.xfs',
  'mkfs.btrfs',
  'bindfs',
  'nbdfuse',
  'nbdkit',
  'cc',
  'fincore',
);

describe.skipIf(missing)(`a lab workspace${missing ? ` (skipped: ${missing})` : ''}`, () => {
  let workspace: Workspace;
  // The child processes run the compiled lab.
  beforeAll(() => command(`${PROJECT_ROOT}/node_modules/.bin/tsc`, '-p', `${PROJECT_ROOT}/test/lab`));
  beforeEach(async () => {
    workspace = await Workspace.create();
  });
  afterEach(() => workspace.remove());

  it.each(['ext4', 'xfs', 'btrfs'] as const)('mounts %s on a loop device', async (format) => {
    const { directory, device } = await mountDisk(workspace, 'disk', { format });
    writeFileSync(`${directory}/file`, 'content');
    assert.match(mounts(), new RegExp(` ${directory} .* - ${format} ${device} `));
  });

  it('passes mkfs and mount options to the tools', async () => {
    const { device } = await mountDisk(workspace, 'disk', {
      format: 'ext4',
      mkfs: ['-O', '^has_journal'],
      mount: 'nobarrier',
    });
    assert.match(mounts(), new RegExp(`${device} .*nobarrier`));
    assert.equal(
      readFileSync(`/sys/fs/ext4/${device?.slice('/dev/'.length)}/journal_task`, 'utf8').trim(),
      '<none>',
    );
  });

  it('mounts tmpfs, a volatile overlay on ext4, a FUSE filesystem and a bound file', async () => {
    const ext4 = await mountDisk(workspace, 'disk', { format: 'ext4' });
    const tmpfs = await mountTmpfs(workspace, 'tmpfs');
    const overlay = await mountOverlay(workspace, 'overlay', ext4, 'volatile');
    const fuse = await mountFuse(workspace, 'fuse');
    writeFileSync(`${fuse.directory}/file`, 'hidden');
    await bindFile(workspace, 'bound', `${fuse.directory}/file`);
    assert.match(mounts(), new RegExp(` ${tmpfs.directory} .* - tmpfs `));
    assert.match(mounts(), new RegExp(` ${overlay.directory} .* - overlay .*volatile`));
    assert.match(mounts(), new RegExp(` ${fuse.directory} .* - fuse`));
    assert.equal(readFileSync(`${fuse.directory}/file`, 'utf8'), 'bound');
  });

  it('frees the caches of one process, and keeps those of others', async ({ skip }) => {
    const { directory } = await mountDisk(workspace, 'disk', { format: 'ext4' });
    const cached = async (name: string) =>
      Number(await command('fincore', '-bno', 'RES', `${directory}/${name}`));
    writeFileSync(`${directory}/ours`, Buffer.alloc(1 << 20), { flush: true });
    const [code] = await once(runLab(FREE_CACHES, directory, basename(workspace.directory)), 'close');
    if (code === NO_GROUPS) skip('needs memory cgroups');
    assert.equal(code, 0);
    assert.equal(await cached('theirs'), 0);
    assert.notEqual(await cached('ours'), 0);
  });

  it('mounts a disk with a slow flush, and an fsync flushes the disk', async () => {
    const { directory, device } = await mountSlowDisk(workspace, 'slow', { format: 'ext4' }, 1);
    const before = flushes(device);
    writeFileSync(`${directory}/file`, 'content', { flush: true });
    assert.ok(flushes(device) > before);
  });

  it('is cleaned up when its process is killed', async () => {
    const victim = runLab(MOUNT_AND_WAIT);
    const directory = await firstLine(victim);
    assert.notEqual(traces(directory), '');
    victim.kill('SIGKILL');
    await ended(cleanerOf(directory));
    assert.equal(traces(directory), '');
  });

  it('is cleaned up by the next process when its cleaner is killed too', async () => {
    const victim = runLab(MOUNT_AND_WAIT);
    const directory = await firstLine(victim);
    process.kill(cleanerOf(directory), 'SIGKILL');
    victim.kill('SIGKILL');
    await once(victim, 'close');
    assert.notEqual(traces(directory), '');
    await once(runLab(MAKE_AND_REMOVE), 'close');
    assert.equal(traces(directory), '');
  });

  it('is not removed by other processes while its own process runs', async () => {
    const { directory } = await mountTmpfs(workspace, 'tmpfs');
    const [code] = await once(runLab(MAKE_AND_REMOVE), 'close');
    assert.equal(code, 0);
    assert.match(mounts(), new RegExp(` ${directory} `));
  });
});

/** The exit status of a process that has no cgroup. */
const NO_GROUPS = 77;
const FREE_CACHES = `
  import { writeFileSync } from 'node:fs';
  const [, directory, group] = process.argv;
  const free = joinMemoryGroup(group);
  if (free === undefined) process.exit(${NO_GROUPS});
  writeFileSync(directory + '/theirs', Buffer.alloc(1 << 20), { flush: true });
  free();`;
const MAKE_AND_REMOVE = 'await (await Workspace.create()).remove();';
/** Everything at once: a filesystem on a loop device on a FUSE file of a block server. */
const MOUNT_AND_WAIT = `
  const workspace = await Workspace.create();
  joinMemoryGroup(basename(workspace.directory));
  await mountSlowDisk(workspace, 'slow', { format: 'ext4' });
  console.log(workspace.directory);
  setInterval(() => {}, 1000);`;

/** Runs statements in a process that imports the compiled lab. */
function runLab(statements: string, ...args: string[]): ChildProcessWithoutNullStreams {
  const lab = pathToFileURL(`${PROJECT_ROOT}/build/test/lab`);
  const imports = `
    import { basename } from 'node:path';
    import { joinMemoryGroup } from '${lab}/memory-group.js';
    import { Workspace } from '${lab}/workspace.js';
    import { mountSlowDisk } from '${lab}/slow-disk/slow-disk.js';`;
  return spawn(process.execPath, ['--input-type=module', '--eval', imports + statements, ...args]);
}

async function firstLine(child: ChildProcessWithoutNullStreams): Promise<string> {
  for await (const line of createInterface(child.stdout)) return line;
  throw new Error('the process printed nothing');
}

function mounts(): string {
  return readFileSync('/proc/self/mountinfo', 'utf8');
}

/** Flushes that the device has completed: field 16 of Documentation/block/stat.rst. */
function flushes(device: string | undefined): number {
  const stat = readFileSync(`/sys/block/${device?.slice('/dev/'.length)}/stat`, 'utf8');
  return Number(stat.trim().split(/\s+/)[15]);
}

/** The loop devices, mounts, directory and cgroup of a workspace that still exist. */
function traces(directory: string): string {
  const loops = readdirSync('/sys/block')
    .map((name) => `/sys/block/${name}/loop/backing_file`)
    .filter((file) => existsSync(file) && readFileSync(file, 'utf8').startsWith(directory));
  const below = mounts()
    .split('\n')
    .filter((line) => line.includes(` ${directory}/`));
  const groups = ['/sys/fs/cgroup', '/sys/fs/cgroup/memory'].map((root) => join(root, basename(directory)));
  return [...loops, ...below, ...[directory, ...groups].filter((path) => existsSync(path))].join('\n');
}

/** The cleaner's PID, which is part of a workspace's name. */
function cleanerOf(directory: string): number {
  return Number(/-(\d+)-\d+$/.exec(directory)?.[1]);
}

/** Waits for the end of a process that is not a child of this one. Its parent may leave it a zombie. */
async function ended(pid: number): Promise<void> {
  while (isAlive(pid)) await sleep(10);
}

function isAlive(pid: number): boolean {
  try {
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}
