import { pause } from '../../base/clock.js';
import { failedWith } from '../../base/fs-error.js';
import { type Steps, step } from '../steps.js';

/** In milliseconds; the same as in the native engine (native/save/). */
const FIRST_PAUSE = 1;
const MAX_PAUSE = 250;
const MAX_TOTAL_PAUSE = 2000;

/**
 * Makes a rename or another call that changes names. On Windows, another program may have one of the files
 * open in a way that forbids the change; virus scanners and indexers briefly do that with every new file.
 * Then the call is repeated after growing pauses, which add up to at most two seconds. After that, the last
 * error is thrown.
 */
export function* retryWhileBusy<T>(
  call: () => Steps<T>,
  platform: NodeJS.Platform = process.platform,
  pause: (milliseconds: number) => Steps<void> = wait,
): Steps<T> {
  let next = FIRST_PAUSE;
  // Only the pauses are counted, so a slow call does not reduce the number of attempts.
  for (let waited = 0; ; ) {
    try {
      return yield* call();
    } catch (error) {
      // libuv reports "access denied" as EPERM, and Windows reports it also for a file that is open or about
      // to be deleted.
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
    () => pause(milliseconds),
  );
}
