/** One file system call, in both of its forms. */
interface FileSystemCall {
  sync(): unknown;
  asynchronous(): Promise<unknown>;
}

/**
 * A procedure that yields each file system call and continues with its result. It is written once and runs in
 * both forms: `runSync` makes each call on this thread, and `run` awaits it.
 */
export type Steps<T> = Generator<FileSystemCall, T, unknown>;

/** A procedure that consists of a single call. */
export function* step<T>(sync: () => T, asynchronous: () => Promise<T>): Steps<T> {
  // A generator has one type for all results. Both drivers return the result of the yielded call.
  return (yield { sync, asynchronous }) as T;
}

/** Not a call: a procedure yields it to wait for the next chunk of data. */
const NEXT_CHUNK: FileSystemCall = {
  sync: () => undefined,
  asynchronous: async () => undefined,
};

/** @returns the next chunk of data, or `undefined` at its end. Only for `advance` and `advanceSync`. */
export function* nextChunk(): Steps<Uint8Array | undefined> {
  return (yield NEXT_CHUNK) as Uint8Array | undefined;
}

/** The state of a procedure: finished, or waiting for a call or a chunk of data. */
export type State<T> = IteratorResult<FileSystemCall, T>;

/** Makes the calls of a procedure on the calling thread until it ends or waits for the next chunk. */
export function advanceSync<T>(steps: Steps<T>, from: State<T>): State<T> {
  let state = from;
  while (!state.done && state.value !== NEXT_CHUNK) {
    let result: unknown;
    try {
      result = state.value.sync();
    } catch (error) {
      state = steps.throw(error);
      continue;
    }
    state = steps.next(result);
  }
  return state;
}

/** The same asynchronously. Each call starts in the same tick in which the procedure yields it. */
export async function advance<T>(steps: Steps<T>, from: State<T>): Promise<State<T>> {
  let state = from;
  while (!state.done && state.value !== NEXT_CHUNK) {
    let result: unknown;
    try {
      result = await state.value.asynchronous();
    } catch (error) {
      state = steps.throw(error);
      continue;
    }
    state = steps.next(result);
  }
  return state;
}

/** Runs a procedure without chunks to its end on the calling thread. */
export function runSync<T>(steps: Steps<T>): T {
  return resultOf(advanceSync(steps, steps.next()));
}

/** The same asynchronously. */
export async function run<T>(steps: Steps<T>): Promise<T> {
  return resultOf(await advance(steps, steps.next()));
}

/** The result of a finished procedure. */
export function resultOf<T>(state: State<T>): T {
  if (!state.done) throw new TypeError('The procedure waits for a chunk of data, but none is provided');
  return state.value;
}
