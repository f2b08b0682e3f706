import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { contentOf, describeContent } from '../lab/content.js';
import type { SaverProcess } from './savers.js';

/** A broken promise: `torn` content, a file that is `missing`, or an acknowledged version that is `lost`. */
export interface Finding {
  kind: 'torn' | 'missing' | 'unreadable' | 'lost';
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

/** Reads the files of a saver through another mount, whatever happens to that one. */
export class Watcher {
  readonly findings: Finding[] = [];
  reads = 0;
  #watching = true;
  readonly #losesServers: boolean;
  readonly #ended: Promise<void>;

  /** @param losesServers whether the fault cuts the watching client off, too. */
  constructor(savers: readonly SaverProcess[], directory: string, losesServers: boolean) {
    this.#losesServers = losesServers;
    this.#ended = this.#watch(savers, directory);
  }

  async end(): Promise<void> {
    this.#watching = false;
    await this.#ended;
  }

  async #watch(savers: readonly SaverProcess[], directory: string): Promise<void> {
    while (this.#watching) {
      for (const { history } of savers) {
        for (const [name, { acknowledged }] of history) {
          // Before that there need not be a file.
          if (acknowledged === 0) continue;
          let { findings, length } = await look(directory, name);
          // A lost connection may end a read early: GlusterFS has returned the first 128 KiB of a file that every
          // brick had whole. What is there is there again.
          if (this.#losesServers && findings.length > 0 && length !== undefined) {
            const again = await look(directory, name);
            if (again.length !== length) findings = again.findings;
          }
          // The watching client's own errors say nothing about the file.
          this.findings.push(...findings.filter(({ kind }) => kind !== 'unreadable'));
          this.reads += 1;
        }
      }
      await pause(1);
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
    const { code, syscall } = error as NodeJS.ErrnoException;
    // An open version that was replaced may be gone from the server: read(2) then fails, but the name was there.
    const missing = code === 'ENOENT' && syscall === 'open';
    return {
      findings: [{ kind: missing ? 'missing' : 'unreadable', detail: `${name}: ${error}` }],
    };
  }
  const { length } = content;
  const version = versionOf(name, content);
  if (version !== undefined) return { version, length, findings: [] };
  return { length, findings: [{ kind: 'torn', detail: `${name}: ${describeContent(content)}` }] };
}

/** Looks at the files of a saver that has ended, when all is well again. */
export async function judge(saver: SaverProcess, directory: string): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const [name, { acknowledged, known }] of saver.history) {
    const { version, findings: found } = await look(directory, name);
    findings.push(...(acknowledged === 0 ? found.filter(({ kind }) => kind === 'torn') : found));
    if (version === undefined) continue;
    if (saver.task.durability === 'durable' && version < acknowledged) {
      findings.push({
        kind: 'lost',
        detail: `${name}: version ${acknowledged} was saved, ${version} is there`,
      });
    }
    if (version > known + 1) {
      findings.push({ kind: 'torn', detail: `${name}: version ${version} has never been saved` });
    }
  }
  return findings;
}
