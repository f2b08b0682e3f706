import { join } from 'node:path';
import { Semaphore } from '../../src/base/semaphore.js';
import { History } from './history.js';
import { FAULT_KINDS, type FaultKind } from './judge.js';
import { keepRecording } from './kept-recording.js';
import { type LabMount, recoveriesOf } from './mounts.js';
import { type Recording, record } from './recording.js';
import { everyStateOf, type JudgedState, replay, statesOf } from './replay.js';
import { mustHold, type Subject } from './subjects.js';
import { Workspace } from './workspace.js';

/** One subject on one mount. */
export interface CrashTest {
  subject: Subject;
  mount: LabMount;
}

export interface CrashTestOptions {
  /** Crash states of each seed. */
  states: number;
  seed: number;
  /** All seeds of the run. */
  seeds: readonly number[];
  /** Where the recording of a broken promise is kept. */
  keep: string;
}

/** A state in which a promise was broken. */
export interface Exhibit extends JudgedState {
  /** Where the recording is kept. */
  recording: string;
}

export interface CrashTestResult extends CrashTest {
  states: number;
  /** Of a scenario that is alone: how many prefixes its log has, and how many were crashed in every state. */
  prefixes: number;
  exhaustive: number;
  durableSaves: number;
  /** In how many states each kind of fault was found. */
  faults: Readonly<Record<FaultKind, number>>;
  /** The first state of each recording that broke a promise, of a subject that must hold. */
  exhibits: readonly Exhibit[];
}

/** Most states of one recording. For more, the scenario is recorded again, with another timing. */
const MOST_STATES_PER_RECORDING = 100;
/** One without memory pressure and one with it. */
const FEWEST_RECORDINGS = 2;
/** Most recordings of a control that was not caught. */
const MOST_CONTROL_RECORDINGS = 12;
/** So that the recordings of two seeds differ. */
const RECORDINGS_BEFORE_NEXT_SEED = 10_000;
/** Concurrent recordings. Two leave the processors of a small machine idle: each waits much for its disk. */
const recorders = new Semaphore(3);

/**
 * Records the subject and crashes the recordings. Every second recording is made under memory pressure.
 *
 * @returns a result for each kernel that recovered states.
 * @throws if the scenario did not end.
 */
export async function crash(test: CrashTest, options: CrashTestOptions): Promise<CrashTestResult[]> {
  const mounts = recoveriesOf(test.mount);
  const count = test.subject.scenario.alone ? 1 : recordingsOfSeed(options);
  const states = Math.ceil(options.states / count);
  const once = (index: number) =>
    recorders.run(() => crashRecording(test, mounts, index, { ...options, states }));
  const results = (await Promise.all(Array.from({ length: count }, (_, index) => once(index)))).flat();
  const on = (wanted: LabMount) => results.filter(({ mount }) => mount === wanted);
  if (test.subject.role === 'controls') {
    const caught = (mount: LabMount) => on(mount).some(brokePromise);
    for (let index = count; !mounts.every(caught) && index < MOST_CONTROL_RECORDINGS; index++) {
      results.push(...(await once(index)));
    }
  }
  return mounts.map((mount) => on(mount).reduce(addResults));
}

/** How many recordings are made with each seed: with all of them at least one under memory pressure and one without. */
export function recordingsOfSeed({ states, seeds }: Pick<CrashTestOptions, 'states' | 'seeds'>): number {
  return Math.max(Math.ceil(FEWEST_RECORDINGS / seeds.length), Math.ceil(states / MOST_STATES_PER_RECORDING));
}

/** Whether a recording is made under memory pressure. Every second one is, from one seed to the next too. */
export function underPressure(
  index: number,
  { seed, seeds }: Pick<CrashTestOptions, 'seed' | 'seeds'>,
): boolean {
  return (seeds.indexOf(seed) + index) % 2 === 1;
}

/** Whether a promise was broken. Litter breaks none, and faults that are accepted on the mount break none. */
export function brokePromise({ faults, mount, subject }: CrashTestResult): boolean {
  return FAULT_KINDS.some((kind) => breaksPromise(kind, mount, subject) && faults[kind] > 0);
}

function breaksPromise(kind: FaultKind, { accepted }: LabMount, { role, name }: Subject): boolean {
  if (kind === 'litter') return false;
  if (role === 'controls' || role === 'experiments' || accepted === undefined) return true;
  return !accepted.faults.includes(kind) || accepted.of?.includes(name) === false;
}

/** Records once. Each kernel that recovers states has its share of the chosen ones, or every state of a short log. */
async function crashRecording(
  { subject, mount }: CrashTest,
  mounts: readonly LabMount[],
  index: number,
  options: CrashTestOptions,
): Promise<CrashTestResult[]> {
  const seed = options.seed * RECORDINGS_BEFORE_NEXT_SEED + index;
  const workspace = await Workspace.create();
  try {
    const recording = await record(workspace, {
      mount,
      subject,
      pressure: underPressure(index, options),
      seed,
    });
    const every = subject.scenario.alone ? everyStateOf(recording) : undefined;
    const chosen = every?.states ?? statesOf(recording, options.states, seed);
    const results: CrashTestResult[] = [];
    for (const [turn, on] of mounts.entries()) {
      const share = every?.states ?? chosen.filter((_, at) => at % mounts.length === turn);
      const recovered = { ...recording, mount: on };
      const judged = await replay(workspace, recovered, share);
      const faults = Object.fromEntries(FAULT_KINDS.map((kind) => [kind, countFault(judged, kind)]));
      results.push({
        subject,
        mount: on,
        states: judged.length,
        prefixes: every?.prefixes ?? 0,
        exhaustive: every?.exhaustive ?? 0,
        durableSaves: new History(recording.events).durableSaves,
        faults: faults as Record<FaultKind, number>,
        exhibits: await keepBroken(recovered, judged, { subject, seed, keep: options.keep }),
      });
    }
    return results;
  } finally {
    await workspace.remove();
  }
}

async function keepBroken(
  recording: Recording,
  judged: readonly JudgedState[],
  { subject, seed, keep }: { subject: Subject; seed: number; keep: string },
): Promise<Exhibit[]> {
  const { mount } = recording;
  const broken = judged.find(({ faults }) => faults.some(({ kind }) => breaksPromise(kind, mount, subject)));
  if (broken === undefined || !mustHold(subject.role)) return [];
  const parts = [mount.name, mount.kernel, mount.recoveredBy && 'recovered', subject.name, seed];
  const kept = join(keep, parts.filter((part) => part !== undefined).join('-'));
  await keepRecording(recording, kept);
  return [{ ...broken, recording: kept }];
}

function countFault(judged: readonly JudgedState[], wanted: FaultKind): number {
  return judged.filter(({ faults }) => faults.some(({ kind }) => kind === wanted)).length;
}

/** What two runs of the same test have found together. */
export function addResults(a: CrashTestResult, b: CrashTestResult): CrashTestResult {
  const faults = Object.fromEntries(FAULT_KINDS.map((kind) => [kind, a.faults[kind] + b.faults[kind]]));
  return {
    ...a,
    states: a.states + b.states,
    prefixes: a.prefixes + b.prefixes,
    exhaustive: a.exhaustive + b.exhaustive,
    durableSaves: a.durableSaves + b.durableSaves,
    faults: faults as Record<FaultKind, number>,
    exhibits: [...a.exhibits, ...b.exhibits],
  };
}
