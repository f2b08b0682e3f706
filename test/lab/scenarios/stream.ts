import { once } from 'node:events';
import { finished } from 'node:stream/promises';
import { createSaveStream, save } from 'indelible';
import type { Outcome } from '../scenario.js';
import { inRounds } from './workloads.js';

const CHUNK = 3000;

export const streamed = inRounds({
  title: '`createSaveStream` and `save` of an iterable: content in chunks, some streams destroyed',
  existing: { streamed: 20_000, iterated: 900_000 },
  rounds: 5,
  async round(volume, round) {
    await volume.save('streamed', 50_000 - round, stream);
    await volume.save('iterated', 900_000 + round, (path, content) => save(path, chunksOf(content)));
    await volume.save(`new-${round}`, 1 + round * 200_000, stream);
    await destroyHalfway(volume.path('streamed'));
  },
});

async function stream(path: string, content: Buffer): Promise<Outcome> {
  const writable = createSaveStream(path);
  for (const chunk of chunksOf(content)) {
    if (!writable.write(chunk)) await once(writable, 'drain');
  }
  writable.end();
  await finished(writable);
  if (writable.saved === undefined) throw new Error('the stream has finished without `saved`');
  return writable.saved;
}

async function destroyHalfway(path: string): Promise<void> {
  const writable = createSaveStream(path);
  await new Promise((resolve) => writable.write(Buffer.alloc(100_000, 'never to be seen'), resolve));
  const closed = once(writable, 'close');
  writable.destroy();
  await closed;
}

function* chunksOf(content: Buffer): Generator<Buffer> {
  for (let at = 0; at < content.length; at += CHUNK) yield content.subarray(at, at + CHUNK);
}
