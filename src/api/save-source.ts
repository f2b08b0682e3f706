import { abortable } from '../base/abortable.js';
import { bytesOf, isWholeData, notData, type SaveData } from '../base/data.js';
import { invalidArgumentType, withPublished } from '../base/errors.js';
import { isIterable, iteratorOf, iteratorResult, valuesOf } from '../base/iteration.js';
import type { Saved, SaveParameters } from '../base/save-request.js';
import type { Engine, StreamingSave } from '../engine/engine.js';
import { BUFFER_SIZE, ChunkWriter } from './chunk-writer.js';

/**
 * Data that arrives in chunks: an iterable, an async iterable, a `Readable`, a web `ReadableStream`. A chunk
 * may be changed when the next one is requested.
 *
 * @category save
 */
export type SaveSource = Iterable<SaveData> | AsyncIterable<SaveData>;

/** Whether the data arrives in chunks. Views and strings are iterable, but each of them is one chunk. */
export function isSource(data: SaveData | SaveSource): data is SaveSource {
  return !isWholeData(data) && isIterable(data);
}

/**
 * Saves the data of a producer. If the save fails first, the producer is stopped, as at the end of a `for
 * await` loop. A stream is destroyed or cancelled.
 */
export async function saveSource(
  engine: Engine,
  request: SaveParameters,
  source: SaveSource,
  encoding: BufferEncoding,
): Promise<Saved> {
  const iterator = iteratorOf(source, 'asynchronous', notData);
  let ended = false;
  const readNext = async (): Promise<IteratorResult<SaveData>> => {
    try {
      return iteratorResult(await iterator.next(), source, notData);
    } catch (error) {
      ended = true;
      throw error;
    }
  };
  // Starts at once: a Readable that fails without an error listener ends the process.
  let pendingChunk = readNext();
  pendingChunk.catch(() => undefined);
  let save: StreamingSave | undefined;
  try {
    save = await engine.open(request);
    const writer = new ChunkWriter(save, () => undefined);
    for (;;) {
      const next = await abortable(pendingChunk, request.signal);
      if (next.done) {
        ended = true;
        return await writer.finish();
      }
      const written = writer.write(bytesOf(next.value, encoding));
      if (written !== undefined) await written;
      pendingChunk = readNext();
      pendingChunk.catch(() => undefined);
    }
  } catch (error) {
    await save?.abandon(error);
    if (!ended) stopProducer(source, iterator);
    throw withPublished(error, false);
  }
}

/**
 * The same on the calling thread.
 *
 * @throws {TypeError} `ERR_INVALID_ARG_TYPE` for an asynchronous source.
 */
export function saveSourceSync(
  engine: Engine,
  request: SaveParameters,
  source: SaveSource,
  encoding: BufferEncoding,
): Saved {
  if (!isIterable(source, 'synchronous')) {
    throw invalidArgumentType('data', 'bytes or a synchronous iterable of them, with saveSync', source);
  }
  const save = engine.openSync(request);
  try {
    const buffer = Buffer.allocUnsafeSlow(BUFFER_SIZE);
    let filled = 0;
    const flush = (): void => {
      save.write(buffer.subarray(0, filled));
      filled = 0;
    };
    for (const data of valuesOf(source as Iterable<SaveData>, notData)) {
      const chunk = bytesOf(data, encoding);
      if (chunk.byteLength > BUFFER_SIZE - filled) flush();
      if (chunk.byteLength > BUFFER_SIZE) {
        save.write(chunk);
      } else {
        buffer.set(chunk, filled);
        filled += chunk.byteLength;
      }
    }
    flush();
    return save.finish();
  } catch (error) {
    save.abandon(error);
    throw withPublished(error, false);
  }
}

/** Ignores errors: the error of the save is reported. */
function stopProducer(source: SaveSource, iterator: Iterator<SaveData> | AsyncIterator<SaveData>): void {
  const ignore = (): void => undefined;
  const stopping = new Promise((resolve) => {
    // A Readable's iterator would destroy it only after the next chunk.
    if ('destroy' in source && typeof source.destroy === 'function') resolve(source.destroy());
    else resolve(iterator.return?.());
  });
  stopping.catch(ignore);
}
