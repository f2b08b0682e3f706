import { invalidArgumentType, invalidArgumentValue } from './errors.js';

/**
 * Data that can be saved. Buffers are not copied: do not change, transfer or shrink one before the save
 * settles.
 */
export type SaveData = string | ArrayBufferView | ArrayBuffer | SharedArrayBuffer;

/**
 * The bytes of `data`, without a copy unless it is a string.
 *
 * @throws {TypeError} `ERR_INVALID_ARG_TYPE`; `ERR_INVALID_ARG_VALUE` for a detached buffer, which would
 *   otherwise empty the file.
 */
export function bytesOf(data: SaveData, encoding: BufferEncoding): Uint8Array {
  if (typeof data === 'string') return Buffer.from(data, encoding);
  // A view with bytes is not detached. A new view for each save would cost as much as a system call.
  if (data instanceof Uint8Array && data.byteLength > 0) return data;
  if (ArrayBuffer.isView(data)) {
    if (isDetached(data))
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
 * Whether the buffer behind a view was transferred, or shrunk so that it ends before the view. Such a view
 * reports a length of 0, like an empty one. It differs from an empty view in that using it throws a
 * `TypeError` (ECMA-262, ValidateTypedArray).
 */
function isDetached(view: ArrayBufferView): boolean {
  try {
    if (view instanceof DataView) return view.byteLength < 0;
    Uint8Array.prototype.keys.call(view as Uint8Array);
    return false;
  } catch (error) {
    if (error instanceof TypeError) return true;
    throw error;
  }
}
