/** One call of Node's `fs`, in both of its forms. */
interface FileSystemCall {
  sync(): unknown;
  asynchronous(): Promise<unknown>;
}

/**
 * A procedure that stops at each file system call it makes, is told the call's outcome, and goes on. So it is written
 * once and runs in both ways: `runSync` makes each call on this thread, `run` awaits it.
 */
export type Steps<T> = Generator<FileSystemCall, T, unknown>;

/** The procedure that is a single call. */
export function* step<T>(sync: () => T, asynchronous: () => Promise<T>): Steps<T> {
  // A generator's type has one type for all answers; both drivers answer a call with that call's own result.
  return (yield { sync, asynchronous }) as T;
}

/** No call, but where a procedure stops for the next chunk of its data. */
const NEXT_CHUNK: FileSystemCall = {
  sync: () => undefined,
  asynchronous: async () => undefined,
};

/** The next chunk of data, or `undefined` where there is no more. Only `advance` and `advanceSync` stop for it. */
export function* nextChunk(): Steps<Uint8Array | undefined> {
  return (yield NEXT_CHUNK) as Uint8Array | undefined;
}

/** Where a procedure stands: at its end, or waiting for a chunk of data. */
export type State<T> = IteratorResult<FileSystemCall, T>;

/** Makes the calls of a procedure on the calling thread until it ends or wants the next chunk. */
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

/** The same asynchronously. Each call is handed to Node in the same tick in which the procedure asks for it. */
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

/** Runs a procedure that takes no chunks to its end on the calling thread. */
export function runSync<T>(steps: Steps<T>): T {
  return resultOf(advanceSync(steps, steps.next()));
}

/** The same asynchronously. */
export async function run<T>(steps: Steps<T>): Promise<T> {
  return resultOf(await advance(steps, steps.next()));
}

/** What a procedure that has come to its end returned. */
export function resultOf<T>(state: State<T>): T {
  if (!state.done) throw new TypeError('a procedure waits for data that does not come');
  return state.value;
}
