import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { release } from 'node:os';
import { posix } from 'node:path';

/** What a `Machine` is made from; a test puts recorded trees in place of `/proc` and `/sys`. */
export interface MachineParts {
  platform?: NodeJS.Platform;
  /** As uname(2) gives it, `6.12.30-amd64`. */
  kernelRelease?: string;
  procRoot?: string;
  sysRoot?: string;
  isDirectory?: (path: string) => boolean;
}

/**
 * The machine as its kernel describes it in `/proc` and `/sys`.
 *
 * Reading is synchronous: these files are made by the kernel on the spot and never wait for a disk or a server.
 * What is hidden, missing or not readable is `undefined`, which no caller may take for a good sign.
 */
export class Machine {
  readonly platform: NodeJS.Platform;
  readonly kernelRelease: string;
  readonly #procRoot: string;
  readonly #sysRoot: string;
  /** Of any path, not only of one under `/proc` or `/sys`: not to be asked about one that a server holds. */
  readonly isDirectory: (path: string) => boolean;

  constructor(parts: MachineParts = {}) {
    this.platform = parts.platform ?? process.platform;
    this.kernelRelease = parts.kernelRelease ?? release();
    this.#procRoot = parts.procRoot ?? '/proc';
    this.#sysRoot = parts.sysRoot ?? '/sys';
    this.isDirectory = parts.isDirectory ?? isDirectory;
  }

  /** The content of a file under `/proc` or `/sys`, without the white space at its end. */
  read(path: string): string | undefined {
    try {
      return readFileSync(this.#locate(path), 'utf8').trimEnd();
    } catch {
      return undefined;
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

  /** Where a symbolic link under `/sys` leads, as an absolute path. */
  follow(path: string): string | undefined {
    try {
      return posix.resolve(posix.dirname(path), readlinkSync(this.#locate(path)));
    } catch {
      return undefined;
    }
  }

  /** Whether the kernel is Linux of at least this version, and says so in the usual form. */
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
