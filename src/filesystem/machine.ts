import { closeSync, openSync, readdirSync, readFileSync, readlinkSync, readSync, statSync } from 'node:fs';
import { release } from 'node:os';
import { posix } from 'node:path';
import { StringDecoder } from 'node:string_decoder';

/** Tests replace `/proc` and `/sys` by recorded trees. */
export interface MachineOptions {
  platform?: NodeJS.Platform;
  /** The release from uname(2), such as `6.12.30-amd64`. */
  kernelRelease?: string;
  procRoot?: string;
  sysRoot?: string;
  isDirectory?: (path: string) => boolean;
}

/** Of the mount table, the kernel gives a page for each read. */
const CHUNK_SIZE = 16384;

/**
 * The machine as its kernel describes it in `/proc` and `/sys`.
 *
 * Reading is synchronous: the kernel generates these files and never waits for a disk or a server. The result
 * is `undefined` for a file that is hidden, missing or not readable. A caller must not take that as a
 * condition that is met.
 */
export class Machine {
  readonly platform: NodeJS.Platform;
  readonly kernelRelease: string;
  readonly #procRoot: string;
  readonly #sysRoot: string;
  /**
   * For any path, not only under `/proc` or `/sys`. It may block on a path of a network or FUSE filesystem.
   */
  readonly isDirectory: (path: string) => boolean;

  constructor(options: MachineOptions = {}) {
    this.platform = options.platform ?? process.platform;
    this.kernelRelease = options.kernelRelease ?? release();
    this.#procRoot = options.procRoot ?? '/proc';
    this.#sysRoot = options.sysRoot ?? '/sys';
    this.isDirectory = options.isDirectory ?? isDirectory;
  }

  /** The content of a file under `/proc` or `/sys`, without trailing white space. */
  read(path: string): string | undefined {
    try {
      return readFileSync(this.#locate(path), 'utf8').trimEnd();
    } catch {
      return undefined;
    }
  }

  /** The lines of a file under `/proc` or `/sys`. It is read only as far as they are taken. */
  *lines(path: string): Generator<string> {
    let descriptor: number | undefined;
    try {
      descriptor = openSync(this.#locate(path), 'r');
      const buffer = Buffer.allocUnsafe(CHUNK_SIZE);
      const decoder = new StringDecoder('utf8');
      let rest = '';
      for (;;) {
        const read = readSync(descriptor, buffer);
        if (read === 0) break;
        const lines = (rest + decoder.write(buffer.subarray(0, read))).split('\n');
        rest = lines.pop() ?? '';
        yield* lines;
      }
      if (rest !== '') yield rest;
    } catch {
      // As in `read`.
    } finally {
      if (descriptor !== undefined) closeSync(descriptor);
    }
  }

  /** The names in a directory under `/proc` or `/sys`. */
  list(path: string): string[] | undefined {
    try {
      return readdirSync(this.#locate(path));
    } catch {
      return undefined;
    }
  }

  /** The target of a symbolic link under `/sys`, as an absolute path. */
  follow(path: string): string | undefined {
    try {
      return posix.resolve(posix.dirname(path), readlinkSync(this.#locate(path)));
    } catch {
      return undefined;
    }
  }

  /** Whether the kernel is Linux of at least this version. `false` if its release has an unusual form. */
  isLinux(major: number, minor: number): boolean {
    const [, itsMajor, itsMinor] = /^(\d+)\.(\d+)/.exec(this.kernelRelease) ?? [];
    if (this.platform !== 'linux' || itsMajor === undefined || itsMinor === undefined) return false;
    return Number(itsMajor) > major || (Number(itsMajor) === major && Number(itsMinor) >= minor);
  }

  #locate(path: string): string {
    if (path.startsWith('/proc/')) return this.#procRoot + path.slice('/proc'.length);
    return this.#sysRoot + path.slice('/sys'.length);
  }
}

function isDirectory(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}

/** The machine that this process runs on. */
export const thisMachine = new Machine();
