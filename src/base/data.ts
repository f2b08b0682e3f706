import { types } from 'node:util';
import { invalidArgumentType, invalidArgumentValue } from './errors.js';

/**
 * Data that can be saved. Buffers are not copied: do not change or transfer one before the save settles. Only
 * an ArrayBuffer that can shrink (`resizable`) is copied.
 *
 * @category save
 */
export type SaveData = string | ArrayBufferView | ArrayBuffer | SharedArrayBuffer;

/** Tells views by their internal slots: also those of another realm, and no Proxy. */
const { isView } = ArrayBuffer;

/** The getters of the internal slots of a kind of view or buffer. */
interface Slots {
  byteLength(of: unknown): number;
  byteOffset(of: unknown): number;
  buffer(of: unknown): ArrayBuffer;
}

/**
 * The own getter of a built-in prototype, taken when the module is loaded. Properties of the object or of a
 * subclass may say anything, and a copy of that length would publish memory that was never written.
 */
function getterOf<T>(prototype: object, property: string | symbol): (of: unknown) => T {
  const getter = Object.getOwnPropertyDescriptor(prototype, property)?.get;
  if (getter === undefined) throw new TypeError(`There is no getter '${String(property)}'`);
  return (of) => Reflect.apply(getter, of, []);
}

function slotsOf(prototype: object): Slots {
  return {
    byteLength: getterOf(prototype, 'byteLength'),
    byteOffset: getterOf(prototype, 'byteOffset'),
    buffer: getterOf(prototype, 'buffer'),
  };
}

const typedArrayPrototype: Pick<Uint8Array, 'keys'> = Object.getPrototypeOf(Uint8Array.prototype);
const typedArray = slotsOf(typedArrayPrototype);
const dataView = slotsOf(DataView.prototype);
/** `undefined` for anything but a typed array. */
const typedArrayName = getterOf<string | undefined>(typedArrayPrototype, Symbol.toStringTag);
const { keys } = typedArrayPrototype;
const arrayBufferSize = getterOf<number>(ArrayBuffer.prototype, 'byteLength');
const sharedArrayBufferSize = getterOf<number>(SharedArrayBuffer.prototype, 'byteLength');
const isResizable = getterOf<boolean>(ArrayBuffer.prototype, 'resizable');
const stringValue = String.prototype.valueOf;

/** Whether it is data as a whole, and not a source of chunks: views and strings are iterable too. */
export function isWholeData(data: unknown): boolean {
  return (
    typeof data === 'string' || isView(data) || types.isAnyArrayBuffer(data) || types.isStringObject(data)
  );
}

/**
 * The bytes of `data`, without a copy unless it is a string. The result is a view of its own: no property of
 * the caller's object has a say in it, or can change it later.
 *
 * @throws {TypeError} `ERR_INVALID_ARG_TYPE`; `ERR_INVALID_ARG_VALUE` for a detached buffer, which would
 *   otherwise empty the file.
 */
export function bytesOf(data: SaveData, encoding: BufferEncoding): Uint8Array {
  if (typeof data === 'string') return Buffer.from(data, encoding);
  if (isView(data)) return bytesOfView(data);
  if (types.isArrayBuffer(data)) return bytesOfBuffer(data, arrayBufferSize(data));
  if (types.isSharedArrayBuffer(data)) return bytesOfBuffer(data, sharedArrayBufferSize(data));
  // As a whole: some encodings do not decode one character at a time.
  if (types.isStringObject(data)) return Buffer.from(Reflect.apply(stringValue, data, []), encoding);
  throw notData(data);
}

function bytesOfView(view: ArrayBufferView): Uint8Array {
  let bytes: Uint8Array;
  try {
    const slots = typedArrayName(view) === undefined ? dataView : typedArray;
    const length = slots.byteLength(view);
    // A typed array whose buffer was transferred, or shrunk so that it ends before the view, reports a length
    // of 0, like an empty one. Using it throws (ECMA-262, ValidateTypedArray).
    if (length === 0 && slots === typedArray) Reflect.apply(keys, view, []);
    bytes = new Uint8Array(slots.buffer(view), slots.byteOffset(view), length);
  } catch {
    throw invalidArgumentValue('data', 'a view whose buffer is not detached or too short', view);
  }
  return withFixedSize(bytes);
}

function bytesOfBuffer(buffer: ArrayBuffer | SharedArrayBuffer, size: number): Uint8Array {
  let bytes: Uint8Array;
  try {
    // Without a size the view would follow that of a resizable buffer.
    bytes = new Uint8Array(buffer, 0, size);
  } catch {
    throw invalidArgumentValue('data', 'a buffer that is not detached', buffer);
  }
  return withFixedSize(bytes);
}

/** Copies the bytes of a buffer that can shrink, since a save reads them later. A SharedArrayBuffer only grows. */
function withFixedSize(bytes: Uint8Array): Uint8Array {
  const { buffer } = bytes;
  return types.isArrayBuffer(buffer) && isResizable(buffer) ? new Uint8Array(bytes) : bytes;
}

/** The error for an argument that is neither data nor a source of it. */
export function notData(data: unknown, cause?: unknown): TypeError {
  const expected =
    'of type string, an instance of Buffer, TypedArray, DataView or ArrayBuffer, or an iterable of them';
  return Object.assign(invalidArgumentType('data', expected, data), cause !== undefined && { cause });
}

/**
 * Refuses bytes whose buffer was transferred since `bytesOf` read their size. The file would be cut off.
 *
 * @throws {TypeError} `ERR_INVALID_ARG_VALUE`.
 */
export function refuseIfLost(bytes: Uint8Array, size: number): void {
  if (bytes.byteLength === size) return;
  const expected = 'a buffer that is not transferred before the save settles';
  throw Object.assign(invalidArgumentValue('data', expected, bytes), { published: false });
}
