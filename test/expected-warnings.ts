import { setImmediate as nextTurn } from 'node:timers/promises';

/**
 * The warnings of this process while `body` runs. They are meant, so they are not printed: in the output of the tests
 * they would look like faults.
 */
export async function warningsDuring(
  body: (warnings: readonly NodeJS.ErrnoException[]) => void | Promise<void>,
): Promise<readonly NodeJS.ErrnoException[]> {
  const printing = process.listeners('warning');
  process.removeAllListeners('warning');
  const warnings: NodeJS.ErrnoException[] = [];
  const listener = (warning: NodeJS.ErrnoException) => void warnings.push(warning);
  process.on('warning', listener);
  try {
    await body(warnings);
    // Node.js emits them in a later turn.
    await nextTurn();
    return warnings;
  } finally {
    process.off('warning', listener);
    for (const one of printing) process.on('warning', one);
  }
}
