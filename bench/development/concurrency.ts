/**
 * What saving many files at once costs, against the npm libraries for the same job and the textbook on Node's `fs`: on
 * real filesystems in memory, and on a disk whose cache flush takes five milliseconds, like an ordinary SATA SSD's. For
 * root on Linux, with the tools that the crash lab needs. It never fails because of a time.
 *
 *     npm run bench:concurrency [-- DISK...]
 *
 * Disks: slow-ext4, slow-xfs, slow-btrfs, ext4, xfs, btrfs, tmpfs. Contenders take turns within each round; each cell is the median
 * of the rounds, in microseconds a save.
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

const CONTENDERS: Record<string, Write> = {
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
/** Over how many directories that many saves are spread. */
const DIRECTORIES = [1, 8, 64];
/** On a disk that takes milliseconds; in memory, where a round is over before the processor is warm, more. */
const ROUNDS = 7;
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
  // The library's first saves on an ext4 find out what it can do.
  for (let i = 0; i < 5; i += 1) await save(join(directory, 'first'), DATA);
  const names = Object.keys(CONTENDERS);
  const rows = [['at once', ...names]];
  for (const atOnce of AT_ONCE) {
    const times = new Map<string, number[]>(names.map((name) => [name, []]));
    for (let round = 0; round < rounds; round += 1) {
      for (const [name, write] of Object.entries(CONTENDERS)) {
        times.get(name)?.push(await timePerSave(join(directory, name), atOnce, write));
      }
    }
    rows.push([String(atOnce), ...names.map((name) => percentile(times.get(name) ?? [], 0.5).toFixed(0))]);
  }
  const table = markdownTable(rows, { align: names.map(() => 'r') });
  const waits: string[] = [];
  for (const [name, write] of Object.entries(CONTENDERS)) {
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
  return `${table}\n\n'save, durable', ${STAT_BESIDE} at once, by how many directories they are in: ${spread.join(', ')}\n\nfs.stat of another file beside ${STAT_BESIDE} saves at once, p99: ${waits.join(', ')}`;
}

/** Microseconds a save, over a few batches of so many at once, spread over so many directories. */
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

/** How long an unrelated `fs.stat` takes, asked for once a millisecond while saves are under way, in microseconds. */
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
