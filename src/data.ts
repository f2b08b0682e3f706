import { invalidArgumentType, invalidArgumentValue } from './errors.js';

/** What can be saved. Buffers are not copied: don't change, transfer or shrink one before the save settles. */
export type SaveData = string | ArrayBufferView | ArrayBuffer | SharedArrayBuffer;

/**
 * The bytes of `data`, without a copy unless it is a string.
 *
 * @throws {TypeError} `ERR_INVALID_ARG_TYPE`; `ERR_INVALID_ARG_VALUE` for a detached buffer, which would otherwise
 *   empty the file.
 */
export function bytesOf(data: SaveData, encoding: BufferEncoding): Uint8Array {
  if (typeof data === 'string') return Buffer.from(data, encoding);
  // What has bytes is not detached; a new view for each save would cost as much as a system call.
  if (data instanceof Uint8Array && data.byteLength > 0) return data;
  if (ArrayBuffer.isView(data)) {
    // A detached view, or one that a shrunken buffer left out of bounds, has no bytes but still an array type; its
    // buffer refuses a new view.
    return viewOf(data.buffer, data.byteOffset, data.byteLength);
  }
  if (data instanceof ArrayBuffer || data instanceof SharedArrayBuffer)
    return viewOf(data, 0, data.byteLength);
  throw invalidArgumentType(
    'data',
    'of type string or an instance of Buffer, TypedArray, DataView or ArrayBuffer',
    data,
  );
}

function viewOf(buffer: ArrayBufferLike, offset: number, length: number): Uint8Array {
  try {
    return new Uint8Array(buffer, offset, length);
  } catch (cause) {
    if (cause instanceof TypeError)
      throw invalidArgumentValue('data', 'a buffer that is not detached', buffer);
    throw cause;
  }
}
