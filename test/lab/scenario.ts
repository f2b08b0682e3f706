import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { contentOf, treeOf } from './content.js';
import type { LabEvent } from './history.js';

/** The file that the committer syncs; it is on the volume in every scenario. */
export const UNRELATED_FILE = 'committer';

/** The file that the library has saved before the recording begins. */
export const EARLIER_FILE = 'saved-before';

/** The file that an update with `lock: 'everywhere'` makes in the directory. It stays. */
export const LOCK_FILE = '.indelible-lock';

/** A directory for files that a scenario prepares. Nothing in it is judged. */
export const STAGING = 'staging';

/** The file that fills a volume so that it is low on space. */
export const BALLAST_FILE = 'ballast';

/** The value of a resolved save; the library's `Saved` is one. */
export interface Outcome {
  durability: 'durable' | 'ordered' | 'none';
}

type Save = (path: string, content: Buffer) => Outcome | Promise<Outcome>;

/** Something that saves files while the lab records the disk. */
export interface Scenario {
  /** One sentence for the report. */
  title: string;
  /** The library's engine for it, forced with `INDELIBLE_ENGINE`; default `'native'`. */
  engine?: 'native' | 'portable';
  /** Its temporaries have names, so many crash states have one. It does not count for the share of litter. */
  namedTemporaries?: boolean;
  /**
   * The process has saved nothing when the recording begins, so on ext4 its first temporaries have names.
   * Other scenarios begin after the library has learned what it needs to know about the filesystem.
   */
  firstSaves?: boolean;
  /**
   * Nothing else disturbs the volume, so the log is short, and the lab crashes it in every state
   * (`everyState`).
   */
  alone?: boolean;
  /** Makes the files that exist before the recording begins. They are durable by then. */
  prepare?(volume: Volume): void;
  /** Saves. Every save goes through `volume`, so that the lab knows what was promised at which time. */
  run(volume: Volume): Promise<void>;
}

/** A control: a scenario that breaks a promise. The lab must notice it. */
export interface Control extends Scenario {
  /** The names of the mounts on which it must be caught. It runs on no other. */
  caughtOn: readonly string[];
}

/** The mounted filesystem that a scenario works on. It reports every save to the lab. */
export class Volume {
  readonly directory: string;
  readonly #report: (event: LabEvent) => void;
  readonly #versions = new Map<string, number>();

  /** @param report receives every event immediately. */
  constructor(directory: string, report: (event: LabEvent) => void) {
    this.directory = directory;
    this.#report = report;
  }

  path(file: string): string {
    return join(this.directory, file);
  }

  /** Makes version 0 of a file, before the recording. */
  existing(file: string, length: number): void {
    mkdirSync(dirname(this.path(file)), { recursive: true });
    writeFileSync(this.path(file), contentOf(file, 0, length));
    this.#report({ event: 'saving', file, version: 0, length });
    this.#report({ event: 'saved', file, version: 0, durable: true });
  }

  /** Makes version 0 of a tree, before the recording. */
  existingTree(tree: string, files: number, length: number): void {
    this.makeTree(tree, tree, 0, files, length);
    this.#report({ event: 'saving', file: tree, version: 0, length, files });
    this.#report({ event: 'saved', file: tree, version: 0, durable: true });
  }

  /** Writes a version of a tree at `path`; nothing is synced. */
  makeTree(tree: string, path: string, version: number, files: number, length: number): void {
    for (const [name, content] of treeOf(tree, { version, length, files })) {
      const file = this.path(join(path, name));
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, content);
    }
  }

  /** Replaces a tree with its next version, which `replace` makes. The counterpart of `save` for trees. */
  async replaceTree(
    tree: string,
    files: number,
    length: number,
    replace: (path: string, version: number) => Outcome | Promise<Outcome>,
  ): Promise<void> {
    const version = this.#nextVersion(tree);
    this.#report({ event: 'saving', file: tree, version, length, files });
    await this.#outcomeOf(tree, version, () => replace(this.path(tree), version));
  }

  /**
   * Says that each version of `file` which a save replaces is kept at `path`.
   *
   * @param movedFrom where that version is until it is moved to `path`.
   */
  keeping(file: string, path: string, movedFrom?: string): void {
    mkdirSync(dirname(this.path(path)), { recursive: true });
    this.#report({ event: 'keeping', file, path, ...(movedFrom !== undefined && { movedFrom }) });
  }

  existingLink(file: string, target: string): void {
    symlinkSync(target, this.path(file));
  }

  /**
   * Saves the next version of `file` with `save` and reports the outcome. A rejection is reported, not
   * thrown. Saves of one file are numbered in the order of these calls.
   *
   * @param file the path, below the volume, at which a reader will find the content.
   */
  save(file: string, length: number, save: Save): Promise<void> {
    return this.#save(file, length, save, false);
  }

  /**
   * As `save`, for a save that promises nothing about power loss: the file may be torn until a newer version
   * is durable.
   */
  saveUnsafely(file: string, length: number, save: Save): Promise<void> {
    return this.#save(file, length, save, true);
  }

  async #save(file: string, length: number, save: Save, unsafe: boolean): Promise<void> {
    const version = this.#nextVersion(file);
    const content = contentOf(file, version, length);
    this.#report({ event: 'saving', file, version, length, unsafe });
    await this.#outcomeOf(file, version, () => save(this.path(file), content));
  }

  #nextVersion(file: string): number {
    const version = (this.#versions.get(file) ?? 0) + 1;
    this.#versions.set(file, version);
    return version;
  }

  async #outcomeOf(file: string, version: number, save: () => Outcome | Promise<Outcome>): Promise<void> {
    try {
      const { durability } = await save();
      this.#report({ event: 'saved', file, version, durable: durability === 'durable' });
    } catch (error) {
      const published = error instanceof Error && 'published' in error && error.published === true;
      this.#report({ event: 'rejected', file, version, published, error: String(error) });
    }
  }
}
