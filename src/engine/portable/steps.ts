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

/** Runs a procedure to its end on the calling thread. */
export function runSync<T>(steps: Steps<T>): T {
  let state = steps.next();
  while (!state.done) {
    let result: unknown;
    try {
      result = state.value.sync();
    } catch (error) {
      state = steps.throw(error);
      continue;
    }
    state = steps.next(result);
  }
  return state.value;
}

/** Runs a procedure to its end. Each call is handed to Node in the same tick in which the procedure asks for it. */
export async function run<T>(steps: Steps<T>): Promise<T> {
  let state = steps.next();
  while (!state.done) {
    let result: unknown;
    try {
      result = await state.value.asynchronous();
    } catch (error) {
      state = steps.throw(error);
      continue;
    }
    state = steps.next(result);
  }
  return state.value;
}
