import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Protocol } from '../../src/base/options.js';
import { inspect, save } from '../../src/index.js';
import type { Contender } from '../contenders/contender.js';
import { byteSize } from './amount.js';
import { APPENDINGS, AppendedLogs, type Appending, ETCD, LONGEST_LOG } from './append.js';
import { Baseline, REFERENCE } from './baseline.js';
import { filesystemUuid } from './disk.js';
import { DURABLE_SAVE, findingsOf, TEXTBOOK, UNSYNCED } from './findings.js';
import { FlushCounter } from './flush-counter.js';
import { type CrashResults, guaranteeOf } from './guarantee.js';
import { type Noise, NoiseMeter } from './noise.js';
import { type BenchPlan, shareOut } from './plan.js';
import {
  type ContenderResult,
  percentilesOf,
  type Result,
  type Run,
  resultOf,
  rounded,
  SAMPLES_NEEDED,
} from './report.js';
import { measureInRounds, type RoundsOptions, Subject } from './rounds.js';
import { StagedSave } from './stages.js';
import { type BenchWorkspace, inWorkspace } from './workspace.js';

/** The size of a settings file or a small document. One block of the filesystem, so that the flushes dominate. */
const PAYLOAD_BYTES = 4096;
/** What the answer rests on. A 99th percentile of these is worth more time. */
const ANSWER: ReadonlySet<string> = new Set([REFERENCE, ETCD, DURABLE_SAVE, TEXTBOOK, UNSYNCED]);
/** For the JIT compiler. On a slow disk this is a single save. */
const WARM_UP_MS = 50;
/** The first saves on an ext4 find out whether its `fast_commit` is off. */
const FIRST_SAVES = 5;

export interface BenchOptions {
  plan: BenchPlan;
  signal: AbortSignal;
  crashResults: CrashResults;
  /** What is appended, besides `APPENDINGS`. */
  appendings?: readonly Appending[];
  /** Called before each turn with the elapsed seconds of the plan, and what is measured next. */
  onTurn(elapsed: number, what: string): void;
}

/**
 * Measures the cost of saves in `directory` with each implementation. Leaves nothing behind there.
 *
 * @throws {Error} if `directory` is not writable, or has too little free space.
 */
export async function benchDirectory(
  directory: string,
  contenders: readonly Contender[],
  options: BenchOptions,
): Promise<Run> {
  const filesystem = await inspect(directory);
  if (filesystem.mount?.readOnly) {
    throw new Error(`'${directory}' is mounted read-only: no file can be saved there`);
  }
  return inWorkspace(directory, async (workspace) => {
    const counter = FlushCounter.under(filesystem.device);
    const meter = NoiseMeter.on(filesystem.device);
    const bench = new DirectoryBench(workspace, options, counter && (() => counter.now()), meter);
    const first = await bench.saveFirst();
    const single = await bench.measureSingle(contenders, first.protocol);
    const able = contenders.filter(({ name }) => !single.failed.some((one) => one.name === name));
    const { series } = options.plan;
    const selected = able.filter(
      ({ name, minor }) => series === 'all' || (series === 'main' ? minor !== true : name === DURABLE_SAVE),
    );
    const bySize = await bench.measureBySize(selected);
    const byConcurrency = await bench.measureByConcurrency(selected);
    const referenceMedian =
      single.baseline.find(({ name }) => name === REFERENCE)?.microseconds.median ?? Number.NaN;
    const run = {
      directory: resolve(directory),
      filesystem,
      uuid: filesystemUuid(filesystem.device),
      save: { protocol: first.protocol, durability: first.durability },
      bytes: PAYLOAD_BYTES,
      baseline: single.baseline,
      unavailable: [...single.unavailable],
      appends: single.appends,
      contenders: single.measured.map(
        ({ contender, result, asynchronous }): ContenderResult => ({
          ...result,
          durability: contender.durability,
          package: contender.package ?? null,
          minor: contender.minor ?? false,
          asynchronous,
          baselines: rounded(result.microseconds.median / referenceMedian),
          guarantee: guaranteeOf(contender, filesystem, options.crashResults),
          fullDisk: contender.fullDisk ?? null,
        }),
      ),
      failed: single.failed,
      stages: single.stages,
      bySize,
      byConcurrency,
      noRoomFor: bench.noRoomFor,
      noise: meter === undefined ? null : bench.noise,
    };
    return { ...run, findings: findingsOf(run) };
  });
}

/** Measures in one directory, part by part. */
class DirectoryBench {
  /** Sizes and numbers at once that were left out. */
  readonly noRoomFor: string[] = [];
  /** What other programs did meanwhile. */
  readonly noise: Noise[] = [];
  readonly #workspace: BenchWorkspace;
  readonly #options: BenchOptions;
  readonly #countFlushes: (() => number) | undefined;
  readonly #meter: NoiseMeter | undefined;
  readonly #seconds: ReturnType<typeof shareOut>;
  readonly #payload = payloadOf(PAYLOAD_BYTES);
  /** The planned seconds of the parts that are finished. */
  #secondsBefore = 0;

  constructor(
    workspace: BenchWorkspace,
    options: BenchOptions,
    countFlushes: (() => number) | undefined,
    meter: NoiseMeter | undefined,
  ) {
    this.#workspace = workspace;
    this.#options = options;
    this.#countFlushes = countFlushes;
    this.#meter = meter;
    this.#seconds = shareOut(options.plan);
  }

  async saveFirst() {
    return this.#workspace.inSubdirectory(async (directory) => {
      let saved = await save(join(directory, 'file'), this.#payload);
      for (let i = 1; i < FIRST_SAVES; i += 1) saved = await save(join(directory, 'file'), this.#payload);
      return saved;
    });
  }

  /** Measures the baseline, single saves and their steps, all in the same rounds, so that they can be compared. */
  async measureSingle(contenders: readonly Contender[], protocol: Protocol) {
    return this.#workspace.inSubdirectory(async (directory) => {
      const { ready, failed } = await this.#warmUpAll(contenders, directory, this.#payload);
      const protocols: Protocol[] =
        protocol === 'single-commit' ? ['sync-rename-sync', protocol] : [protocol];
      const staged = protocols.map(
        (one) => new StagedSave(one, join(directory, `staged-${one}`), this.#payload),
      );
      const baseline = new Baseline(directory, this.#payload);
      const appended: { appending: Appending; subject: Subject; logs: AppendedLogs }[] = [];
      try {
        for (const appending of await this.#appendings()) {
          const { name, atOnce } = appending;
          const own = join(directory, `appended-${appended.length}`);
          await mkdir(own);
          const logs = new AppendedLogs(own, appending);
          const subject = new Subject(name, logs.run, atOnce > 1, wantedOf(name));
          appended.push({ appending, subject, logs });
        }
        const primitives = baseline.primitives.map(({ name, run, description }) => ({
          subject: new Subject(name, run, false, wantedOf(name)),
          description,
        }));
        const subjects = [
          ...primitives.map(({ subject }) => subject),
          ...appended.map(({ subject }) => subject),
          ...ready.map(({ subject }) => subject),
          ...staged.map(({ protocol: name, run }) => new Subject(`steps of ${name}`, run, false)),
        ];
        const { seconds, longest } = this.#options.plan;
        await this.#measure('single', subjects, this.#seconds.single, longest - seconds);
        return {
          baseline: primitives.map(({ subject, description }) => resultOf(subject, description)),
          unavailable: baseline.unavailable,
          appends: appended.map(({ subject, appending: { description, bytes, atOnce } }) => ({
            ...resultOf(subject, description, atOnce),
            bytes,
            atOnce,
          })),
          measured: ready.map(({ contender, subject }) => ({
            contender,
            asynchronous: subject.asynchronous,
            result: resultOf(subject, contender.description),
          })),
          failed,
          stages: staged.map(({ protocol: name, stages: steps }) => ({
            protocol: name,
            steps: [...steps].map(([step, latencies]) => ({
              name: step,
              samples: latencies.count,
              microseconds: percentilesOf(latencies),
            })),
          })),
        };
      } finally {
        baseline.close();
        for (const { logs } of appended) logs.close();
      }
    });
  }

  /** Those for which there is space. */
  async #appendings(): Promise<Appending[]> {
    const wanted: Appending[] = [];
    let bytes = 0;
    for (const appending of [...APPENDINGS, ...(this.#options.appendings ?? [])]) {
      bytes += appending.atOnce * LONGEST_LOG;
      if (await this.#workspace.hasSpaceFor(bytes)) wanted.push(appending);
      else this.noRoomFor.push(appending.name);
    }
    return wanted;
  }

  async measureBySize(contenders: readonly Contender[]): Promise<Run['bySize']> {
    const { sizes } = this.#options.plan;
    const points: Run['bySize'] = [];
    for (const bytes of sizes) {
      const results = await this.#measurePoint(
        byteSize(bytes),
        this.#seconds.sizes / sizes.length,
        contenders,
        bytes,
        1,
      );
      if (results !== undefined) points.push({ bytes, results });
    }
    return points;
  }

  async measureByConcurrency(contenders: readonly Contender[]): Promise<Run['byConcurrency']> {
    const { numbers } = this.#options.plan;
    const points: Run['byConcurrency'] = [];
    for (const atOnce of numbers) {
      const seconds = this.#seconds.numbers / numbers.length;
      const results = await this.#measurePoint(
        `${atOnce} at once`,
        seconds,
        contenders,
        PAYLOAD_BYTES,
        atOnce,
      );
      if (results !== undefined) points.push({ atOnce, results });
    }
    return points;
  }

  /** Measures one size or one number at once. @returns `undefined` if the free space is too small. */
  async #measurePoint(
    what: string,
    seconds: number,
    contenders: readonly Contender[],
    bytes: number,
    atOnce: number,
  ): Promise<Result[] | undefined> {
    // Each implementation keeps its files. The one that is measured writes as many new ones.
    if (!(await this.#workspace.hasSpaceFor((contenders.length + 1) * atOnce * bytes))) {
      this.noRoomFor.push(what);
      this.#secondsBefore += seconds;
      return undefined;
    }
    return this.#workspace.inSubdirectory(async (directory) => {
      const { ready } = await this.#warmUpAll(contenders, directory, payloadOf(bytes), atOnce);
      const subjects = ready.map(({ subject }) => subject);
      await this.#measure(what, subjects, seconds);
      return ready.map(({ contender, subject }) => resultOf(subject, contender.description, atOnce));
    });
  }

  async #measure(what: string, subjects: readonly Subject[], seconds: number, further = 0): Promise<void> {
    const options: RoundsOptions = {
      seconds,
      longest: seconds + further,
      signal: this.#options.signal,
      countFlushes: this.#countFlushes,
      onRound: async (isLast) => {
        const noise = await this.#meter?.endRound(what, isLast);
        if (noise !== undefined) this.noise.push(noise);
      },
      onTurn: (elapsed, name) =>
        this.#options.onTurn(this.#secondsBefore + Math.min(elapsed, seconds), `${what}: ${name}`),
    };
    this.#meter?.begin();
    if (subjects.length > 0) await measureInRounds(subjects, options);
    this.#secondsBefore += seconds;
  }

  /** An implementation that cannot save here at all is named in the report. The others are measured without it. */
  async #warmUpAll(contenders: readonly Contender[], directory: string, payload: Uint8Array, atOnce = 1) {
    const ready: { contender: Contender; subject: Subject }[] = [];
    const failed: Run['failed'] = [];
    for (const [index, contender] of contenders.entries()) {
      this.#options.signal.throwIfAborted();
      const own = join(directory, String(index));
      await mkdir(own);
      const paths = Array.from({ length: atOnce }, (_, file) => join(own, `file${file}`));
      try {
        ready.push({ contender, subject: await warmUp(contender, paths, payload) });
      } catch (error) {
        failed.push({ name: contender.name, error: error instanceof Error ? error.message : String(error) });
      }
    }
    return { ready, failed };
  }
}

async function warmUp(contender: Contender, paths: readonly string[], payload: Uint8Array): Promise<Subject> {
  const [path = ''] = paths;
  const run =
    paths.length === 1
      ? () => contender.save(path, payload)
      : () => Promise.all(paths.map((one) => contender.save(one, payload)));
  const end = performance.now() + WARM_UP_MS;
  let outcome: unknown;
  do {
    outcome = run();
    await outcome;
  } while (performance.now() < end);
  const wanted = paths.length === 1 ? wantedOf(contender.name) : 0;
  return new Subject(contender.name, run, outcome instanceof Promise, wanted);
}

function wantedOf(name: string): number {
  return ANSWER.has(name) ? SAMPLES_NEEDED.p99 : 0;
}

/** Not zeros, which some disks and filesystems do not store. */
function payloadOf(bytes: number): Uint8Array {
  return new Uint8Array(bytes).fill(0x2a);
}
