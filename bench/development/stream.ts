// Compares a save stream with Node's own: fs.createWriteStream and one fdatasync, which is not atomic. Rounds are
// interleaved. Prints medians in milliseconds and their ratio.
//   npm run bench:stream -- [directory] [MiB] [rounds]
import { close, createWriteStream, fdatasync, mkdtempSync, rmSync, type WriteStream } from 'node:fs';
import { join } from 'node:path';
import { Readable, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { createSaveStream, save } from 'indelible';

const [directory = '.', mebibytes = '256', rounds = '7'] = process.argv.slice(2);
const CHUNK = 64 * 1024;
const SMALL_CHUNK = 1000;
const bytes = Number(mebibytes) * 1024 * 1024;
const place = mkdtempSync(join(directory, 'indelible-bench-'));

function* chunks(size: number): Generator<Buffer> {
  const chunk = Buffer.alloc(size, 'x');
  for (let given = 0; given < bytes; given += size) yield chunk;
}

async function plain(path: string, size: number): Promise<void> {
  const stream: WriteStream = createWriteStream(path, { flush: false, autoClose: false });
  await pipeline(Readable.from(chunks(size)), stream as Writable);
  const { fd } = stream as WriteStream & { fd: number };
  await promisify(fdatasync)(fd);
  // The stream's own close would wait for a finish event that has already been emitted.
  await promisify(close)(fd);
}

const implementations: { name: string; run: (path: string, size: number) => Promise<unknown> }[] = [
  { name: 'createWriteStream, fdatasync', run: plain },
  {
    name: 'createSaveStream',
    run: (path, size) => pipeline(Readable.from(chunks(size)), createSaveStream(path)),
  },
  { name: 'save of an iterable', run: (path, size) => save(path, chunks(size)) },
];

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

try {
  for (const size of [CHUNK, SMALL_CHUNK]) {
    const times = implementations.map((): number[] => []);
    for (let round = 0; round < Number(rounds); round += 1) {
      for (const [index, { run }] of implementations.entries()) {
        const path = join(place, `${index}`);
        rmSync(path, { force: true });
        const begin = performance.now();
        await run(path, size);
        times[index]?.push(performance.now() - begin);
        rmSync(path, { force: true });
      }
    }
    const medians = times.map(median);
    for (const [index, { name }] of implementations.entries()) {
      const time = medians[index] ?? Number.NaN;
      const ratio = (time / (medians[0] ?? Number.NaN)).toFixed(3);
      process.stdout.write(
        `${mebibytes} MiB in chunks of ${size}: ${name} ${time.toFixed(0)} ms, ratio ${ratio}\n`,
      );
    }
  }
} finally {
  rmSync(place, { recursive: true });
}
