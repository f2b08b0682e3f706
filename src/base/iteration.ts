import { types } from 'node:util';
import { invalidArgumentType, withPublished } from './errors.js';

// Iteration as `for` loops do it, over objects that may be anything: an object that breaks the protocol is an
// invalid argument, with a code. Errors that the object itself throws pass.

/** Makes the error for an object that is not iterable, or breaks the protocol (`cause`). */
export type NotIterable = (source: unknown, cause?: unknown) => Error;

/** The iterator of a source: the asynchronous one, if it may be and exists. */
export function iteratorOf<T>(
  source: Iterable<T> | AsyncIterable<T>,
  form: 'asynchronous' | 'synchronous',
  notIterable: NotIterable,
): Iterator<T> | AsyncIterator<T> {
  const method: unknown = methodOf(source, form);
  if (typeof method !== 'function') throw notIterable(source);
  let iterator: unknown;
  try {
    iterator = Reflect.apply(method, source, []);
  } catch (error) {
    // The methods of built-in objects throw this for a Proxy around such an object.
    if (types.isNativeError(error) && error.name === 'TypeError' && !('code' in error))
      throw notIterable(source, error);
    throw withPublished(error, false);
  }
  if (!isObject(iterator) || !('next' in iterator) || typeof iterator.next !== 'function')
    throw notIterable(source);
  return iterator as Iterator<T> | AsyncIterator<T>;
}

function methodOf(source: object, form: 'asynchronous' | 'synchronous'): unknown {
  const { [Symbol.asyncIterator]: asynchronous, [Symbol.iterator]: synchronous } = source as {
    [Symbol.asyncIterator]?: unknown;
    [Symbol.iterator]?: unknown;
  };
  return form === 'synchronous' ? synchronous : (asynchronous ?? synchronous);
}

/** Whether it has a method for `iteratorOf`. `false` also if it does not let itself be asked. */
export function isIterable(source: unknown, form: 'asynchronous' | 'synchronous' = 'asynchronous'): boolean {
  try {
    return isObject(source) && typeof methodOf(source, form) === 'function';
  } catch {
    return false;
  }
}

/** The result of `next`, checked. */
export function iteratorResult<T>(
  result: IteratorResult<T>,
  source: unknown,
  notIterable: NotIterable,
): IteratorResult<T> {
  if (!isObject(result)) throw notIterable(source);
  return result;
}

/** The values of an iterable. */
export function* valuesOf<T>(source: Iterable<T>, notIterable: NotIterable): Generator<T> {
  const iterator = iteratorOf(source, 'synchronous', notIterable) as Iterator<T>;
  let running = false;
  try {
    for (;;) {
      const result = iteratorResult(iterator.next(), source, notIterable);
      if (result.done) return;
      running = true;
      yield result.value;
      running = false;
    }
  } finally {
    // Not after an error of the iterator itself, as in a `for` loop.
    if (running) iterator.return?.();
  }
}

/** The same for an iterable of either kind. Promises of values are awaited. */
export async function* valuesOfAny<T>(
  source: Iterable<T> | AsyncIterable<T>,
  notIterable: NotIterable,
): AsyncGenerator<T> {
  const iterator = iteratorOf(source, 'asynchronous', notIterable);
  let running = false;
  try {
    for (;;) {
      const result = iteratorResult(await iterator.next(), source, notIterable);
      if (result.done) return;
      running = true;
      yield result.value;
      running = false;
    }
  } finally {
    if (running) await iterator.return?.();
  }
}

/** For an argument that is a list of something. */
export function notAnIterable(name: string, expected: string): NotIterable {
  return (source, cause) =>
    Object.assign(invalidArgumentType(name, expected, source), cause !== undefined && { cause });
}

function isObject(value: unknown): value is object {
  return (typeof value === 'object' && value !== null) || typeof value === 'function';
}
