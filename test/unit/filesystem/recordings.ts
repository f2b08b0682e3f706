import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Machine } from '../../../src/filesystem/machine.js';
import type { Location } from '../../../src/filesystem/mounts.js';

/** The output of `record.mjs`. */
export interface Recording {
  kernelRelease: string;
  location: Location;
  /** File contents by path. */
  files: Record<string, string>;
  /** Symbolic links' targets by path. */
  links: Record<string, string>;
}

/** Changes to a recording: new contents by path. `null` hides a path and everything below it. */
export type Changes = Record<string, string | null>;

const OVERLAY_UPPER = '/mnt/disk/upper';

/** Recorded machines. Each is a real directory tree until `remove` is called. */
export class Recordings {
  readonly #directory = mkdtempSync(join(tmpdir(), 'indelible-recordings-'));
  #count = 0;

  remove(): void {
    rmSync(this.#directory, { recursive: true, force: true });
  }

  /** The machine and the location of a recording in `recordings/`. */
  load(
    name: string,
    changes: Changes = {},
    kernelRelease?: string,
  ): { machine: Machine; location: Location } {
    const file = new URL(`recordings/${name}.json`, import.meta.url);
    const recording: Recording = JSON.parse(readFileSync(file, 'utf8'));
    const { location } = recording;
    return { machine: this.make(recording, changes, kernelRelease), location };
  }

  make(recording: Recording, changes: Changes = {}, kernelRelease = recording.kernelRelease): Machine {
    this.#count += 1;
    const root = join(this.#directory, String(this.#count));
    const hidden = Object.keys(changes).filter((path) => changes[path] === null);
    const shown = (path: string) => !hidden.some((one) => path === one || path.startsWith(`${one}/`));
    const files = { ...recording.files, ...changes };
    for (const [path, text] of Object.entries(files)) {
      if (text === null || !shown(path)) continue;
      mkdirSync(dirname(root + path), { recursive: true });
      writeFileSync(root + path, text);
    }
    for (const [path, target] of Object.entries(recording.links)) {
      if (!shown(path)) continue;
      mkdirSync(dirname(root + path), { recursive: true });
      symlinkSync(target, root + path);
    }
    return new Machine({
      platform: 'linux',
      kernelRelease,
      procRoot: `${root}/proc`,
      sysRoot: `${root}/sys`,
      isDirectory: (path) => path === OVERLAY_UPPER,
    });
  }
}
