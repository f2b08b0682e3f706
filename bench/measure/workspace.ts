import { mkdir, mkdtemp, rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { byteSize } from './amount.js';

/** A directory of the benchmark's own, for as long as it is measuring. */
export class BenchWorkspace {
  readonly directory: string;
  #rooms = 0;

  constructor(directory: string) {
    this.directory = directory;
  }

  /** Runs `work` in a new directory inside, and removes that again: what one part leaves takes no room from the next. */
  async inRoom<T>(work: (room: string) => Promise<T>): Promise<T> {
    const room = join(this.directory, String(this.#rooms));
    this.#rooms += 1;
    await mkdir(room);
    try {
      return await work(room);
    } finally {
      await rm(room, { recursive: true, force: true });
    }
  }

  /** Whether `bytes` more fit, with as much left over for everybody else. */
  async hasRoomFor(bytes: number): Promise<boolean> {
    return (await freeIn(this.directory)) >= 2 * bytes;
  }
}

/** Every contender keeps one small file and, while it saves, a second one: this is room to spare. */
const SPACE_NEEDED = 4 * 2 ** 20;

/**
 * Runs `work` in a new directory of its own inside `directory`, and removes that with everything in it, whatever
 * becomes of the work.
 *
 * @throws if `directory` is missing, cannot be written to, or has less than 4 MiB left.
 */
export async function inWorkspace<T>(
  directory: string,
  work: (workspace: BenchWorkspace) => Promise<T>,
): Promise<T> {
  const free = await freeIn(directory);
  if (free < SPACE_NEEDED) {
    throw new Error(
      `the benchmark needs ${byteSize(SPACE_NEEDED)} in '${directory}', where only ${byteSize(free)} are free`,
    );
  }
  const workspace = await mkdtemp(join(directory, 'indelible-bench-')).catch((cause: Error) => {
    throw new Error(`the benchmark must be able to write in '${directory}': ${cause.message}`, { cause });
  });
  try {
    return await work(new BenchWorkspace(workspace));
  } finally {
    await rm(workspace, { recursive: true, force: true });
  }
}

/** In bytes, for those who are not root. */
async function freeIn(directory: string): Promise<number> {
  const { blocks, bavail, bsize } = await statfs(directory);
  // A tmpfs without a limit counts no blocks at all.
  return blocks > 0 ? bavail * bsize : Number.POSITIVE_INFINITY;
}
