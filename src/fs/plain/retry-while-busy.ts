import { failedWith } from '../../base/fs-error.js';
import { type Steps, step } from '../steps.js';

/** In milliseconds; the same as the native engine's (native/save/rename_retry.cc). */
const FIRST_PAUSE = 1;
const MAX_PAUSE = 250;
const MAX_TOTAL_PAUSE = 2000;

/**
 * Makes a call that changes names, and on Windows repeats it while another program has one of the files open in a way
 * that forbids the change, as virus scanners and indexers do for a moment with every new file: after growing pauses, for
 * two seconds in all. Then its error stands.
 */
export function* retryWhileBusy<T>(
  call: () => Steps<T>,
  platform: NodeJS.Platform = process.platform,
  pause: (milliseconds: number) => Steps<void> = wait,
): Steps<T> {
  let next = FIRST_PAUSE;
  // What is counted is what was waited for, so that a slow call costs no attempts.
  for (let waited = 0; ; ) {
    try {
      return yield* call();
    } catch (error) {
      // libuv gives EPERM where access is denied, which is also said of a file that is open or about to be deleted.
      const mayPass = platform === 'win32' && failedWith(error, 'EBUSY', 'EPERM', 'EACCES');
      if (!mayPass || waited >= MAX_TOTAL_PAUSE) throw error;
    }
    const length = Math.min(next, MAX_TOTAL_PAUSE - waited);
    yield* pause(length);
    waited += length;
    next = Math.min(next * 2, MAX_PAUSE);
  }
}

function wait(milliseconds: number): Steps<void> {
  return step(
    () => {
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
    },
    () => new Promise<void>((resolve) => setTimeout(resolve, milliseconds)),
  );
}
