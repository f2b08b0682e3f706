import { mkdir, mkdtemp, rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { byteSize } from './amount.js';

/** The benchmark's own directory while it measures. */
export class BenchWorkspace {
  readonly directory: string;
  #subdirectories = 0;

  constructor(directory: string) {
    this.directory = directory;
  }

  /** Runs `work` in a new subdirectory and removes it afterwards, so that each part has the same free space. */
  async inSubdirectory<T>(work: (directory: string) => Promise<T>): Promise<T> {
    const directory = join(this.directory, String(this.#subdirectories));
    this.#subdirectories += 1;
    await mkdir(directory);
    try {
      return await work(directory);
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  }

  /** Whether `bytes` more fit, and the same amount again stays free. */
  async hasSpaceFor(bytes: number): Promise<boolean> {
    return (await freeIn(this.directory)) >= 2 * bytes;
  }
}

/** In bytes. More than enough: every implementation keeps one small file and, while it saves, a second one. */
const SPACE_NEEDED = 4 * 2 ** 20;

/**
 * Runs `work` in a new directory inside `directory`. Removes it with its content afterwards, also if `work` fails.
 *
 * @throws {Error} if `directory` is missing, not writable, or has less than 4 MiB of free space.
 */
export async function inWorkspace<T>(
  directory: string,
  work: (workspace: BenchWorkspace) => Promise<T>,
): Promise<T> {
  const free = await freeIn(directory);
  if (free < SPACE_NEEDED) {
    throw new Error(
      `the benchmark needs ${byteSize(SPACE_NEEDED)} of free space in '${directory}', which has only ${byteSize(free)}`,
    );
  }
  const workspace = await mkdtemp(join(directory, 'indelible-bench-')).catch((cause: Error) => {
    throw new Error(`the benchmark cannot write in '${directory}': ${cause.message}`, { cause });
  });
  try {
    return await work(new BenchWorkspace(workspace));
  } finally {
    await rm(workspace, { recursive: true, force: true });
  }
}

/** The free bytes for a process that is not root's. */
async function freeIn(directory: string): Promise<number> {
  const { blocks, bavail, bsize } = await statfs(directory);
  // A tmpfs without a size limit reports 0 blocks.
  return blocks > 0 ? bavail * bsize : Number.POSITIVE_INFINITY;
}
