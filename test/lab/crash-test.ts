import { join } from 'node:path';
import { History } from './history.js';
import { keepRecording } from './kept-recording.js';
import type { LabMount } from './mounts.js';
import { record } from './recording.js';
import { type JudgedState, replay, statesOf } from './replay.js';
import type { Control, Scenario } from './scenario.js';
import { Semaphore } from './semaphore.js';
import { FAULTS, type Fault } from './verdict.js';
import { Workspace } from './workspace.js';

/** What is expected of a module: to hold, to be caught, or (of the last two) nothing. The name of its folder, too. */
export type Role = 'scenarios' | 'controls' | 'rivals' | 'experiments';

/** One module of the lab, loaded. */
export interface Subject {
  name: string;
  role: Role;
  /** URL of the module. */
  module: string;
  scenario: Scenario | Control;
}

/** One subject on one mount. */
export interface CrashTest {
  subject: Subject;
  mount: LabMount;
}

export interface CrashTestOptions {
  /** Crash states in all. */
  states: number;
  seed: number;
  /** Where the recording of a broken promise is kept. */
  keep: string;
}

/** A state in which a promise was broken, for the reader to look into. */
export interface Exhibit extends JudgedState {
  /** Where the recording is kept. */
  recording: string;
}

export interface CrashTestResult extends CrashTest {
  states: number;
  durableSaves: number;
  /** In how many states each fault was found. */
  faults: Readonly<Record<Fault, number>>;
  /** The first broken promise of each recording; of scenarios only. */
  exhibits: readonly Exhibit[];
}

/** States that are taken of one recording at most; for more, the scenario is recorded anew, with another timing. */
const MOST_STATES_PER_RECORDING = 100;
/** One without memory pressure and one with it. */
const FEWEST_RECORDINGS = 2;
/** A control that was not caught is recorded again, this often at most. */
const MOST_CONTROL_RECORDINGS = 12;
/** Recordings under way at a time: each keeps about one core busy. */
const recorders = new Semaphore(2);

/**
 * Records the subject and crashes the recordings. Every other recording is under memory pressure.
 *
 * @throws if the subject could not be run to its end.
 */
export async function crash(test: CrashTest, options: CrashTestOptions): Promise<CrashTestResult> {
  const count = Math.max(FEWEST_RECORDINGS, Math.ceil(options.states / MOST_STATES_PER_RECORDING));
  const states = Math.ceil(options.states / count);
  const once = (index: number) => recorders.run(() => crashRecording(test, index, { ...options, states }));
  const results = await Promise.all(Array.from({ length: count }, (_, index) => once(index)));
  if (test.subject.role === 'controls') {
    while (!results.some(brokePromise) && results.length < MOST_CONTROL_RECORDINGS) {
      results.push(await once(results.length));
    }
  }
  return results.reduce(add);
}

/** Whether a promise was broken anywhere. Litter breaks none, nor does what is accepted of the mount. */
export function brokePromise({ faults, mount, subject }: CrashTestResult): boolean {
  return FAULTS.some((fault) => breaksPromise(fault, mount, subject) && faults[fault] > 0);
}

function breaksPromise(fault: Fault, { accepted }: LabMount, { role, name }: Subject): boolean {
  if (fault === 'litter') return false;
  if (role === 'controls' || role === 'experiments' || accepted === undefined) return true;
  return !accepted.faults.includes(fault) || accepted.of?.includes(name) === false;
}

async function crashRecording(
  { subject, mount }: CrashTest,
  index: number,
  { states, seed, keep }: CrashTestOptions,
): Promise<CrashTestResult> {
  const recordingSeed = seed * MOST_CONTROL_RECORDINGS + index;
  const workspace = await Workspace.create();
  try {
    const recording = await record(workspace, {
      mount,
      scenario: subject.scenario,
      module: subject.module,
      pressure: index % 2 === 1,
      seed: recordingSeed,
    });
    const judged = await replay(workspace, recording, statesOf(recording, states, recordingSeed));
    const faults = Object.fromEntries(FAULTS.map((fault) => [fault, countFault(judged, fault)]));
    const exhibits: Exhibit[] = [];
    const broken = judged.find(({ findings }) =>
      findings.some(({ fault }) => breaksPromise(fault, mount, subject)),
    );
    if (broken !== undefined && subject.role === 'scenarios') {
      const kept = join(
        keep,
        `${mount.kernel === undefined ? mount.name : `${mount.name}-${mount.kernel}`}-${subject.name}-${recordingSeed}`,
      );
      await keepRecording(recording, kept);
      exhibits.push({ ...broken, recording: kept });
    }
    const { durableSaves } = new History(recording.events);
    return {
      subject,
      mount,
      states: judged.length,
      durableSaves,
      faults: faults as Record<Fault, number>,
      exhibits,
    };
  } finally {
    await workspace.remove();
  }
}

function countFault(judged: readonly JudgedState[], fault: Fault): number {
  return judged.filter(({ findings }) => findings.some((finding) => finding.fault === fault)).length;
}

function add(a: CrashTestResult, b: CrashTestResult): CrashTestResult {
  const faults = Object.fromEntries(FAULTS.map((fault) => [fault, a.faults[fault] + b.faults[fault]]));
  return {
    ...a,
    states: a.states + b.states,
    durableSaves: a.durableSaves + b.durableSaves,
    faults: faults as Record<Fault, number>,
    exhibits: [...a.exhibits, ...b.exhibits],
  };
}
