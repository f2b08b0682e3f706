import { readFile } from 'node:fs/promises';
import { constants } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { contentOf, describeContent } from '../lab/content.js';
import type { SaverProcess } from './savers.js';

/**
 * A broken promise: `torn` content, a file that is `missing`, or an acknowledged version that is `lost`. `gone`: the file
 * was replaced between two calls of a read, which breaks none.
 */
export interface Finding {
  kind: 'torn' | 'missing' | 'unreadable' | 'gone' | 'lost';
  detail: string;
}

/** The version that a file has; undefined if it is not whole. */
function versionOf(name: string, content: Buffer): number | undefined {
  const version = Number(/^<[^ ]+ v(\d+) /.exec(content.subarray(0, 512).toString('latin1'))?.[1]);
  return content.equals(contentOf(name, version, content.length)) && describesItself(content)
    ? version
    : undefined;
}

/** Whether the length is the one that was written, as the first cell says. */
function describesItself(content: Buffer): boolean {
  return content.subarray(0, 512).includes(` ${content.length} bytes,`);
}

/** What is read of a saver. */
export type Saver = Pick<SaverProcess, 'task' | 'history'>;

export interface Watching {
  /** The fault cuts the watching client off, too. */
  losesServers?: boolean;
  /** The watching client has to see every save that was acknowledged before it looks. */
  newest?: boolean;
  /** Milliseconds between two rounds; default 1. */
  pause?: number;
}

/** Reads the files of a saver through another mount, whatever happens to that one. */
export class Watcher {
  readonly findings: Finding[] = [];
  reads = 0;
  #watching = true;
  readonly #how: Watching;
  readonly #ended: Promise<void>;

  constructor(savers: readonly Saver[], directory: string, how: Watching = {}) {
    this.#how = how;
    this.#ended = this.#watch(savers, directory);
  }

  async end(): Promise<void> {
    this.#watching = false;
    await this.#ended;
  }

  async #watch(savers: readonly Saver[], directory: string): Promise<void> {
    while (this.#watching) {
      for (const { history } of savers) {
        for (const [name, { acknowledged }] of history) {
          // Before that there need not be a file.
          if (acknowledged === 0) continue;
          let { findings, length, version } = await look(directory, name);
          // A lost connection may end a read early: GlusterFS has returned the first 128 KiB of a file that every
          // brick had whole. What is there is there again.
          if (this.#how.losesServers && findings.length > 0 && length !== undefined) {
            const again = await look(directory, name);
            if (again.length !== length) ({ findings, version } = again);
          }
          this.findings.push(...findings);
          if (this.#how.newest && version !== undefined && version < acknowledged)
            this.findings.push(lost(name, acknowledged, version));
          this.reads += 1;
        }
      }
      await pause(this.#how.pause ?? 1);
    }
  }
}

/** What a look at a file has found, and how many bytes it has read. */
interface Look {
  version?: number;
  length?: number;
  findings: Finding[];
}

async function look(directory: string, name: string): Promise<Look> {
  let content: Buffer;
  try {
    content = await readFile(join(directory, name));
  } catch (error) {
    // If closing it fails, too, there are two errors.
    const [first] = error instanceof AggregateError ? error.errors : [error];
    const { code, errno, syscall } = first as NodeJS.ErrnoException;
    const detail = `${name}: ${error}`;
    if (syscall === 'open') {
      return { findings: [{ kind: code === 'ENOENT' ? 'missing' : 'unreadable', detail }] };
    }
    // An open version that was replaced may be gone from the server, but the name was there.
    const gone = code === 'ENOENT' || errno === -constants.errno.ESTALE;
    return { findings: [{ kind: gone ? 'gone' : 'unreadable', detail }] };
  }
  const { length } = content;
  const version = versionOf(name, content);
  if (version !== undefined) return { version, length, findings: [] };
  return { length, findings: [{ kind: 'torn', detail: `${name}: ${describeContent(content)}` }] };
}

/** Looks at the files of a saver that has ended, when all is well again. */
export async function judge(saver: Saver, directory: string): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const [name, { acknowledged, known }] of saver.history) {
    const { version, findings: found } = await look(directory, name);
    findings.push(
      ...found
        .map((one) => (one.kind === 'gone' ? { ...one, kind: 'unreadable' as const } : one))
        .filter(({ kind }) => acknowledged > 0 || kind === 'torn'),
    );
    if (version === undefined) continue;
    if (saver.task.durability === 'durable' && version < acknowledged) {
      findings.push(lost(name, acknowledged, version));
    }
    if (version > known + 1) {
      findings.push({ kind: 'torn', detail: `${name}: version ${version} has never been saved` });
    }
  }
  return findings;
}

function lost(name: string, acknowledged: number, version: number): Finding {
  return { kind: 'lost', detail: `${name}: version ${acknowledged} was saved, ${version} is there` };
}
