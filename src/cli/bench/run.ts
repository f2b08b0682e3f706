import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { save } from '../../index.js';
import type { Contender } from './contender.js';
import { diskUnder } from './disk.js';
import { openRawFlush } from './floor.js';
import { type Run, resultOf } from './report.js';
import { measureInRounds, type RoundsOptions, Subject } from './rounds.js';
import { inWorkspace } from './workspace.js';

/** A settings file or a small document: one block of the filesystem, so that the flushes dominate. */
const PAYLOAD = new Uint8Array(4096).fill(0x2a);
/** For the JIT to see what is hot. On a slow disk that is a single save. */
const WARM_UP_MS = 50;

/** Measures what it costs to save in `directory`, contender by contender, and leaves nothing behind there. */
export async function benchDirectory(
  directory: string,
  contenders: readonly Contender[],
  options: RoundsOptions,
): Promise<Run> {
  const disk = await diskUnder(directory);
  return inWorkspace(directory, async (workspace) => {
    const probe = await save(join(workspace, 'probe'), PAYLOAD);
    const floor = openRawFlush(workspace, PAYLOAD);
    try {
      const raw = new Subject(floor.name, floor.flush, false);
      const { ready, failed } = await warmUpAll(contenders, workspace, options.signal);
      await measureInRounds([raw, ...ready.map(({ subject }) => subject)], options);
      const rawResult = resultOf(raw, floor.description);
      return {
        directory: resolve(directory),
        disk,
        save: { protocol: probe.protocol, durability: probe.durability },
        bytes: PAYLOAD.length,
        floor: rawResult,
        contenders: ready.map(({ contender, subject }) => {
          const result = resultOf(subject, contender.description);
          const rawFlushes = result.microseconds.median / rawResult.microseconds.median;
          return {
            ...result,
            durability: contender.durability,
            rawFlushes: Number(rawFlushes.toPrecision(3)),
          };
        }),
        failed,
      };
    } finally {
      floor.close();
    }
  });
}

/** A contender that cannot save here at all is named in the report, and the others are measured without it. */
async function warmUpAll(
  contenders: readonly Contender[],
  workspace: string,
  signal: AbortSignal,
): Promise<{ ready: { contender: Contender; subject: Subject }[]; failed: Run['failed'] }> {
  const ready = [];
  const failed = [];
  for (const [index, contender] of contenders.entries()) {
    signal.throwIfAborted();
    const own = join(workspace, String(index));
    await mkdir(own);
    try {
      ready.push({ contender, subject: await warmUp(contender, join(own, 'file')) });
    } catch (error) {
      failed.push({ name: contender.name, error: error instanceof Error ? error.message : String(error) });
    }
  }
  return { ready, failed };
}

async function warmUp(contender: Contender, path: string): Promise<Subject> {
  const run = () => contender.save(path, PAYLOAD);
  const end = performance.now() + WARM_UP_MS;
  let outcome: unknown;
  do {
    outcome = run();
    await outcome;
  } while (performance.now() < end);
  return new Subject(contender.name, run, outcome instanceof Promise);
}
