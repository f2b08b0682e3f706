/**
 * Compares many saves at once with the npm libraries for the same job and with the textbook recipe on Node's `fs`: on
 * real filesystems in memory, and on a disk whose cache flush takes five milliseconds, like that of an ordinary SATA SSD.
 * For root on Linux, with the tools of the crash lab. It never fails because of a time.
 *
 *     npm run bench:concurrency [-- DISK...]
 *
 * Disks: slow-ext4, slow-xfs, slow-btrfs, ext4, xfs, btrfs, tmpfs. The implementations take turns within each round. Each
 * cell is the median of the rounds, in microseconds a save.
 */
import { mkdirSync } from 'node:fs';
import { rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { writeFile as atomically } from 'atomically';
import fastWriteAtomic from 'fast-write-atomic';
import { save } from 'indelible';
import { markdownTable } from 'markdown-table';
import writeFileAtomic from 'write-file-atomic';
import { type DiskFormat, type Mounted, mountDisk, mountTmpfs } from '../../test/lab/filesystems.js';
import { mountSlowDisk } from '../../test/lab/slow-disk/slow-disk.js';
import { syncDirectoryOf, writeTemporary } from '../../test/lab/textbook.js';
import { Workspace } from '../../test/lab/workspace.js';

type Write = (path: string, data: Buffer) => Promise<unknown>;

const IMPLEMENTATIONS: Record<string, Write> = {
  'save, durable': (path, data) => save(path, data),
  'save, ordered': (path, data) => save(path, data, { durability: 'ordered' }),
  'save, none': (path, data) => save(path, data, { durability: 'none' }),
  'textbook through fs': async (path, data) => {
    await rename(await writeTemporary(path, data, true), path);
    await syncDirectoryOf(path);
  },
  'write-file-atomic': (path, data) => writeFileAtomic(path, data),
  atomically: (path, data) => atomically(path, data),
  'fast-write-atomic': (path, data) => fastWriteAtomic.promise(path, data),
};
const AT_ONCE = [1, 4, 16, 64, 256];
const STAT_BESIDE = 64;
/** The numbers of directories that the saves are spread over. */
const DIRECTORIES = [1, 8, 64];
/** On a disk that takes milliseconds. */
const ROUNDS = 7;
/** More, since a round in memory is too short to warm up the processor. */
const ROUNDS_IN_MEMORY = 101;
const DATA = Buffer.alloc(4096, 'indelible ');
const MIB = 1024 * 1024;
const SIZE = 512 * MIB;

const disks: Record<string, (workspace: Workspace, name: string) => Promise<Mounted>> = {
  'slow-ext4': slow('ext4'),
  'slow-xfs': slow('xfs'),
  'slow-btrfs': slow('btrfs'),
  ext4: (workspace, name) => mountDisk(workspace, name, { format: 'ext4', size: SIZE }),
  xfs: (workspace, name) => mountDisk(workspace, name, { format: 'xfs', size: SIZE }),
  btrfs: (workspace, name) => mountDisk(workspace, name, { format: 'btrfs', size: SIZE }),
  tmpfs: (workspace, name) => mountTmpfs(workspace, name),
};

function slow(format: DiskFormat) {
  return (workspace: Workspace, name: string) => mountSlowDisk(workspace, name, { format, size: SIZE });
}

const asked = process.argv.slice(2);
for (const [name, mount] of Object.entries(disks)) {
  if (asked.length > 0 && !asked.includes(name)) continue;
  const workspace = await Workspace.create();
  try {
    const { directory } = await mount(workspace, name);
    console.log(`\n${name}\n\n${await measureDisk(directory, name === 'tmpfs' ? ROUNDS_IN_MEMORY : ROUNDS)}`);
  } finally {
    await workspace.remove();
  }
}

async function measureDisk(directory: string, rounds: number): Promise<string> {
  // The first saves on an ext4 find out whether its fast_commit is off.
  for (let i = 0; i < 5; i += 1) await save(join(directory, 'first'), DATA);
  const names = Object.keys(IMPLEMENTATIONS);
  const rows = [['at once', ...names]];
  for (const atOnce of AT_ONCE) {
    const times = new Map<string, number[]>(names.map((name) => [name, []]));
    for (let round = 0; round < rounds; round += 1) {
      for (const [name, write] of Object.entries(IMPLEMENTATIONS)) {
        times.get(name)?.push(await timePerSave(join(directory, name), atOnce, write));
      }
    }
    rows.push([String(atOnce), ...names.map((name) => percentile(times.get(name) ?? [], 0.5).toFixed(0))]);
  }
  const table = markdownTable(rows, { align: names.map(() => 'r') });
  const waits: string[] = [];
  for (const [name, write] of Object.entries(IMPLEMENTATIONS)) {
    const found = await statWaits(join(directory, name), write);
    waits.push(`${name} ${percentile(found, 0.99).toFixed(0)}`);
  }
  const spread: string[] = [];
  for (const count of DIRECTORIES) {
    const times: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      times.push(
        await timePerSave(join(directory, 'spread'), STAT_BESIDE, (path, data) => save(path, data), count),
      );
    }
    spread.push(`${count}: ${percentile(times, 0.5).toFixed(0)}`);
  }
  return `${table}\n\n'save, durable', ${STAT_BESIDE} at once, by the number of directories: ${spread.join(', ')}\n\nfs.stat of another file beside ${STAT_BESIDE} saves at once, p99: ${waits.join(', ')}`;
}

/** The microseconds of a save, in a few batches of `atOnce` saves, spread over `directories` directories. */
async function timePerSave(
  directory: string,
  atOnce: number,
  write: Write,
  directories = 1,
): Promise<number> {
  for (let i = 0; i < directories; i += 1) mkdirSync(join(directory, `${i}`), { recursive: true });
  const batches = Math.max(1, Math.floor(16 / atOnce));
  const start = performance.now();
  for (let batch = 0; batch < batches; batch += 1) await saveAtOnce(directory, atOnce, write, directories);
  return ((performance.now() - start) * 1000) / (batches * atOnce);
}

/** The times of an unrelated `fs.stat`, called once a millisecond while saves are running, in microseconds. */
async function statWaits(directory: string, write: Write): Promise<number[]> {
  const waits: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    let going = true;
    const saving = saveAtOnce(directory, STAT_BESIDE, write).finally(() => {
      going = false;
    });
    while (going) {
      const start = performance.now();
      await stat('/');
      waits.push((performance.now() - start) * 1000);
      await pause(1);
    }
    await saving;
  }
  return waits;
}

async function saveAtOnce(directory: string, atOnce: number, write: Write, directories = 1): Promise<void> {
  await Promise.all(
    Array.from({ length: atOnce }, (_, i) => write(join(directory, `${i % directories}`, `file${i}`), DATA)),
  );
}

function percentile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;
}
