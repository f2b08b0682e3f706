import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { contentOf, treeOf } from './content.js';
import type { LabEvent } from './history.js';

/** The file that the committer syncs; the volume holds it whatever the scenario. */
export const UNRELATED_FILE = 'committer';

/** The file that the library has saved before the recording begins. */
export const EARLIER_FILE = 'saved-before';

/** The directory for what a scenario prepares for itself: nothing in it is judged. */
export const STAGING = 'staging';

/** The file that fills a volume which is to be low on space. */
export const BALLAST_FILE = 'ballast';

/** What a save says when it resolves; the library's `Saved` is one. */
export interface Outcome {
  durability: 'durable' | 'ordered' | 'none';
}

type Save = (path: string, content: Buffer) => Outcome | Promise<Outcome>;

/** Something that saves files while the lab watches. One module each, as its default export. */
export interface Scenario {
  /** One sentence for the report. */
  title: string;
  /** The library's engine for it, forced with `INDELIBLE_ENGINE`; default `'native'`. */
  engine?: 'native' | 'portable';
  /** Its temporaries have names, so that many a crash leaves one; it does not count for the share of litter. */
  namedTemporaries?: boolean;
  /**
   * The process has saved nothing when the recording begins, so that on ext4 its temporaries have names at first. Other
   * scenarios begin when the library has seen what it wants to see of the filesystem.
   */
  firstSaves?: boolean;
  /** Makes what is on the volume before the recording begins, and is safe on disk by then. */
  prepare?(volume: Volume): void;
  /** Saves; every save goes through `volume.save`, so that the lab knows what was promised when. */
  run(volume: Volume): Promise<void>;
}

/** A control: a scenario that breaks a promise, which the lab must notice. */
export interface Control extends Scenario {
  /** The names of the mounts on which it must be caught; it runs on no other. */
  caughtOn: readonly string[];
}

/** The mounted filesystem that a scenario works on, and the lab's eyes on it. */
export class Volume {
  readonly directory: string;
  readonly #report: (event: LabEvent) => void;
  readonly #versions = new Map<string, number>();

  /** @param report is told of every event at once. */
  constructor(directory: string, report: (event: LabEvent) => void) {
    this.directory = directory;
    this.#report = report;
  }

  path(file: string): string {
    return join(this.directory, file);
  }

  /** Puts version 0 of a file there before the recording. */
  existing(file: string, length: number): void {
    mkdirSync(dirname(this.path(file)), { recursive: true });
    writeFileSync(this.path(file), contentOf(file, 0, length));
    this.#report({ event: 'saving', file, version: 0, length });
    this.#report({ event: 'saved', file, version: 0, durable: true });
  }

  /** Puts version 0 of a tree there before the recording. */
  existingTree(tree: string, files: number, length: number): void {
    this.makeTree(tree, tree, 0, files, length);
    this.#report({ event: 'saving', file: tree, version: 0, length, files });
    this.#report({ event: 'saved', file: tree, version: 0, durable: true });
  }

  /** Writes a version of a tree somewhere; nothing is made durable. */
  makeTree(tree: string, where: string, version: number, files: number, length: number): void {
    for (const [name, content] of treeOf(tree, { version, length, files })) {
      const path = this.path(join(where, name));
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, content);
    }
  }

  /** Replaces a tree by its next version, which `replace` is to make: a tree, as `save` a file. */
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
   * Tells that each version of `file` which a save replaces is to be found under `under`.
   *
   * @param or until it is moved there.
   */
  keeping(file: string, under: string, or?: string): void {
    mkdirSync(dirname(this.path(under)), { recursive: true });
    this.#report({ event: 'keeping', file, under, ...(or !== undefined && { or }) });
  }

  existingLink(file: string, target: string): void {
    symlinkSync(target, this.path(file));
  }

  /**
   * Saves the next version of `file` with `save` and reports what became of it. A rejection is reported, not thrown:
   * the history decides whether it was right. Saves of one file are numbered in the order of these calls.
   *
   * @param file the path below the volume that will hold the content, as a reader will find it.
   */
  save(file: string, length: number, save: Save): Promise<void> {
    return this.#save(file, length, save, false);
  }

  /** The same for a save that promises nothing about power loss: until a newer version is durable, the file may be torn. */
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
