// Compares a save stream with what has to be done without it: fs.createWriteStream and one fdatasync, which is not even
// atomic. Rounds are interleaved; what is printed are medians in milliseconds and their ratio.
//   npm run bench:stream -- [directory] [MiB] [rounds]
import { close, createWriteStream, fdatasync, mkdtempSync, rmSync, type WriteStream } from 'node:fs';
import { join } from 'node:path';
import { Readable, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { createSaveStream, save } from 'indelible';

const [directory = '.', mebibytes = '256', rounds = '7'] = process.argv.slice(2);
const PIECE = 64 * 1024;
const SMALL_PIECE = 1000;
const bytes = Number(mebibytes) * 1024 * 1024;
const place = mkdtempSync(join(directory, 'indelible-bench-'));

function* pieces(size: number): Generator<Buffer> {
  const piece = Buffer.alloc(size, 'x');
  for (let given = 0; given < bytes; given += size) yield piece;
}

async function plain(path: string, size: number): Promise<void> {
  const stream: WriteStream = createWriteStream(path, { flush: false, autoClose: false });
  await pipeline(Readable.from(pieces(size)), stream as Writable);
  const { fd } = stream as WriteStream & { fd: number };
  await promisify(fdatasync)(fd);
  // Not the stream's own close, which without autoClose waits for a finish that has been.
  await promisify(close)(fd);
}

const contenders: { name: string; run: (path: string, size: number) => Promise<unknown> }[] = [
  { name: 'createWriteStream, fdatasync', run: plain },
  {
    name: 'createSaveStream',
    run: (path, size) => pipeline(Readable.from(pieces(size)), createSaveStream(path)),
  },
  { name: 'save of an iterable', run: (path, size) => save(path, pieces(size)) },
];

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

try {
  for (const size of [PIECE, SMALL_PIECE]) {
    const times = contenders.map((): number[] => []);
    for (let round = 0; round < Number(rounds); round += 1) {
      for (const [index, { run }] of contenders.entries()) {
        const path = join(place, `${index}`);
        rmSync(path, { force: true });
        const begin = performance.now();
        await run(path, size);
        times[index]?.push(performance.now() - begin);
        rmSync(path, { force: true });
      }
    }
    const medians = times.map(median);
    for (const [index, { name }] of contenders.entries()) {
      const time = medians[index] ?? Number.NaN;
      const ratio = (time / (medians[0] ?? Number.NaN)).toFixed(3);
      process.stdout.write(
        `${mebibytes} MiB in pieces of ${size}: ${name} ${time.toFixed(0)} ms, ratio ${ratio}\n`,
      );
    }
  }
} finally {
  rmSync(place, { recursive: true });
}
