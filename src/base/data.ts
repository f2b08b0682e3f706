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
    if (isLost(data))
      throw invalidArgumentValue('data', 'a view whose buffer is not detached or too short', data);
    return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  }
  if (data instanceof ArrayBuffer || data instanceof SharedArrayBuffer) {
    try {
      return new Uint8Array(data);
    } catch (cause) {
      if (cause instanceof TypeError)
        throw invalidArgumentValue('data', 'a buffer that is not detached', data);
      throw cause;
    }
  }
  throw invalidArgumentType(
    'data',
    'of type string or an instance of Buffer, TypedArray, DataView or ArrayBuffer',
    data,
  );
}

/**
 * Whether the buffer behind a view was transferred away, or shrunk to end before it. Such a view says that it is empty;
 * what tells it from an empty one is that it throws a `TypeError` when it is used (ECMA-262, ValidateTypedArray).
 */
function isLost(view: ArrayBufferView): boolean {
  try {
    if (view instanceof DataView) return view.byteLength < 0;
    Uint8Array.prototype.keys.call(view as Uint8Array);
    return false;
  } catch (error) {
    if (error instanceof TypeError) return true;
    throw error;
  }
}
