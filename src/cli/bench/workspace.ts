import { mkdtemp, rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';

/** Every contender keeps one small file and, while it saves, a second one: this is room to spare. */
const SPACE_NEEDED = 4 * 2 ** 20;

/**
 * Runs `work` in a new directory of its own inside `directory`, and removes that with everything in it, whatever
 * becomes of the work.
 *
 * @throws if `directory` is missing, cannot be written to, or has less than 4 MiB left.
 */
export async function inWorkspace<T>(directory: string, work: (workspace: string) => Promise<T>): Promise<T> {
  const { blocks, bavail, bsize } = await statfs(directory);
  // A tmpfs without a limit counts no blocks at all.
  if (blocks > 0 && bavail * bsize < SPACE_NEEDED) {
    const free = Math.floor((bavail * bsize) / 1024);
    throw new Error(`the benchmark needs 4 MiB in '${directory}', where only ${free} KiB are free`);
  }
  const workspace = await mkdtemp(join(directory, 'indelible-bench-')).catch((cause: Error) => {
    throw new Error(`the benchmark must be able to write in '${directory}': ${cause.message}`, { cause });
  });
  try {
    return await work(workspace);
  } finally {
    await rm(workspace, { recursive: true, force: true });
  }
}
