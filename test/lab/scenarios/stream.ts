import { once } from 'node:events';
import { finished } from 'node:stream/promises';
import { createSaveStream, save } from 'indelible';
import type { Outcome, Scenario } from '../scenario.js';

const ROUNDS = 5;
const PIECE = 3000;

const scenario: Scenario = {
  title: '`createSaveStream` and `save` of an iterable: content in pieces, some of it never ended',
  prepare(volume) {
    volume.existing('streamed', 20_000);
    volume.existing('iterated', 900_000);
  },
  async run(volume) {
    for (let round = 0; round < ROUNDS; round++) {
      await volume.save('streamed', 50_000 - round, stream);
      await volume.save('iterated', 900_000 + round, iterate);
      await volume.save(`new-${round}`, 1 + round * 200_000, stream);
      await breakOff(volume.path('streamed'));
    }
  },
};
export default scenario;

async function stream(path: string, content: Buffer): Promise<Outcome> {
  const writable = createSaveStream(path);
  for (const piece of piecesOf(content)) {
    if (!writable.write(piece)) await once(writable, 'drain');
  }
  writable.end();
  await finished(writable);
  if (writable.saved === undefined)
    throw new Error('a stream that has finished does not tell what it has saved');
  return writable.saved;
}

function iterate(path: string, content: Buffer): Promise<Outcome> {
  return save(path, piecesOf(content));
}

async function breakOff(path: string): Promise<void> {
  const writable = createSaveStream(path);
  await new Promise((resolve) => writable.write(Buffer.alloc(100_000, 'never to be seen'), resolve));
  const closed = once(writable, 'close');
  writable.destroy();
  await closed;
}

function* piecesOf(content: Buffer): Generator<Buffer> {
  for (let at = 0; at < content.length; at += PIECE) yield content.subarray(at, at + PIECE);
}
