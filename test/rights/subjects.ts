import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { type FileState, filesIn, keyOf, makeFiles } from './file-state.js';
import { SUBJECTS } from './ids.js';
import type { Installation } from './installation.js';

/** What each subject may do, for example `rw-`, in the order of `SUBJECTS`. */
export type Rights = readonly string[];

/** One process for each subject. Each finds out by trying what it may do. */
export class Subjects {
  readonly #processes: { child: ChildProcessByStdio<Writable, Readable, null>; lines: Interface }[];
  /** The processes answer one question after the other. */
  #last: Promise<unknown> = Promise.resolve();

  constructor({ node, programs }: Installation) {
    this.#processes = SUBJECTS.map(({ uid, groups }) => {
      const ids = [`--reuid=${uid}`, `--regid=${groups[0]}`, `--groups=${groups.join(',')}`];
      const child = spawn('setpriv', [...ids, node, join(programs, 'probe-rights.mjs')], {
        ...{ cwd: '/', stdio: ['pipe', 'pipe', 'inherit'] },
      });
      return { child, lines: createInterface({ input: child.stdout }) };
    });
  }

  /** The rights of each subject to each file, by subject. */
  async rightsTo(paths: readonly string[]): Promise<string[][]> {
    if (paths.length === 0) return [];
    const turn = this.#last.then(() => this.#ask(paths));
    this.#last = turn;
    return turn;
  }

  async #ask(paths: readonly string[]): Promise<string[][]> {
    return Promise.all(
      this.#processes.map(async ({ child, lines }): Promise<string[]> => {
        const answer = once(lines, 'line');
        child.stdin.write(`${JSON.stringify(paths)}\n`);
        return JSON.parse((await answer)[0]);
      }),
    );
  }

  /**
   * The rights of each subject to files in these states: files are made, and tried.
   *
   * @returns a function from a state to the rights.
   */
  async rightsIn(directory: string, states: Iterable<FileState>): Promise<(state: FileState) => Rights> {
    const byKey = new Map([...states].map((state) => [keyOf(state), effective(state)]));
    const different = [...byKey.values()];
    mkdirSync(directory);
    makeFiles(directory, different);
    const made = filesIn(directory);
    different.forEach((state, index) => {
      const found = made.get(String(index));
      if (found?.uid !== state.uid || found.gid !== state.gid || found.list !== state.list) {
        throw new Error(`a file could not be made with ${keyOf(state)}`);
      }
    });
    const rights = await this.rightsTo(different.map((_, index) => join(directory, String(index))));
    const known = new Map(
      [...byKey.keys()].map((key, index) => [key, rights.map((files) => files[index] ?? '')]),
    );
    return (state) => {
      const found = known.get(keyOf(state));
      if (found === undefined) throw new Error(`nobody has tried ${keyOf(state)}`);
      return found;
    };
  }

  async stop(): Promise<void> {
    await Promise.all(
      this.#processes.map(async ({ child }) => {
        child.stdin.end();
        if (child.exitCode === null) await once(child, 'exit');
      }),
    );
  }
}

/**
 * The kernel reads the list only if the mode's part for the group is not empty (fs/namei.c,
 * acl_permission_check). A list and a mode that differ are possible: root sets a list on XFS, as
 * trusted.SGI_ACL_FILE, without a change of the mode.
 */
function effective(state: FileState): FileState {
  return state.mode & 0o070 ? state : { ...state, list: '' };
}
