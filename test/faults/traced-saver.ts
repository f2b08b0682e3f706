import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { isError } from '../../src/base/errors.js';
import type { Fault } from './faults.js';
import { type Names, recognise } from './save-steps.js';
import { type Outcome, type SaveCall, Saver, type SaverOptions } from './saver.js';
import { NEW, prepare, type Situation } from './situations.js';
import { type Injection, Strace } from './strace.js';
import { descriptorPath, type SystemCall, wasInjected } from './strace-log.js';

/**
 * A fault is aimed at the n-th call of a name in a thread. It misses if another thread makes the save than
 * the one before, or if the engine reads the mount table again because another process has mounted something.
 * A miss may make a call fail without which Node itself cannot go on.
 */
const ATTEMPTS = 100;

/**
 * The delay of the call during which a save is aborted, in milliseconds. Later attempts use up to four times
 * it.
 */
const DELAY = 300;

/**
 * Errors by which a process may learn that a call is not available here. If it then no longer makes the call, the next
 * fault is tried in a new process.
 */
const REMEMBERED = ['ENOSYS', 'ENOTSUP', 'EOPNOTSUPP', 'EINVAL', 'EPERM', 'EACCES', 'ENOLCK', 'EISDIR'];

/** A call of a save, found by its step. */
export type Moment = Pick<Fault, 'step' | 'situation'>;

/** A save that was traced from its first call to its last. */
export interface TracedSave {
  outcome: Outcome;
  calls: SystemCall[];
  names: Names;
}

/** A process that saves, under strace whenever it does. */
export class TracedSaver {
  readonly #options: SaverOptions;
  readonly #form: SaveCall['form'];
  /** A directory that it may change freely. */
  readonly #directory: () => string;
  #saver: Saver;
  /** The threads that have made a save. Calls of other threads must not fail. */
  readonly #threads = new Set<number>();
  /** Which call makes each step, in the process that saves now. */
  readonly #aims = new Map<string, Omit<Injection, 'effect'>>();
  /** The calls of a save without faults, in a process that has learned nothing. */
  readonly #calls = new Map<Situation, string>();
  /** The situations in which the process that saves now is known to make these calls. */
  readonly #unchanged = new Set<Situation>();
  #mayHaveLearned = false;

  constructor(options: SaverOptions, form: SaveCall['form'], directory: () => string) {
    this.#options = options;
    this.#form = form;
    this.#directory = directory;
    this.#saver = new Saver(options);
  }

  async stop(): Promise<void> {
    await this.#saver.stop();
  }

  /**
   * A save in which nothing fails.
   *
   * @param changes to calls of all threads of the process.
   */
  async save(
    path: string,
    options: SaveCall['options'],
    data = NEW,
    form = this.#form,
    changes: readonly Injection[] = [],
  ): Promise<{ outcome: Outcome; calls: SystemCall[] }> {
    const strace = await Strace.attach({ process: this.#saver.processId }, changes);
    const outcome = await this.#saver.save({ form, path, data, options });
    return { outcome, calls: await strace.detach() };
  }

  /** A save in which exactly the call of the fault fails. */
  async saveWith(fault: Fault): Promise<TracedSave> {
    for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
      const injections = [await this.#aim(fault, `error=${fault.error}`, attempt)];
      if (fault.also !== undefined) {
        injections.push({ names: fault.also.names, effect: `error=${fault.also.error}`, when: 1 });
      }
      const save = await this.#saveInjected(fault.situation, injections);
      if (save === undefined) continue;
      // It must be the first call of the step: a later call of the same kind may belong to another step.
      const failed = save.calls.find(wasInjected);
      const meant = save.calls.find((call) => recognise[fault.step](call, save.names));
      if (failed !== undefined && REMEMBERED.includes(fault.error)) {
        this.#unchanged.clear();
        this.#mayHaveLearned = true;
      }
      // A later call of the step in another thread may be the n-th there.
      const isOfStep = (call: SystemCall) => recognise[fault.step](call, save.names);
      const hits = save.calls.filter((call) => wasInjected(call) && isOfStep(call));
      if (failed !== undefined && failed === meant && hits.length === 1) return save;
    }
    assert.fail(`no attempt has hit the call to ${fault.step}`);
  }

  /**
   * One save for each system call below its directory, in which this call fails. Only for the synchronous
   * forms: their process makes no other calls meanwhile.
   *
   * @param check is called after each of them.
   * @returns their number.
   */
  async saveWithEach(
    situation: Situation,
    calls: RegExp,
    error: string,
    check: (save: TracedSave) => void,
  ): Promise<number> {
    if (this.#threads.size === 0) await this.#saveUntraced(situation);
    const clean = await this.#saveIn(situation);
    const root = this.#directory();
    const failures: string[] = [];
    let failed = 0;
    for (const [index, call] of clean.calls.entries()) {
      const { thread, name } = call;
      // The pipes of the process pass the paths on.
      const isBelow = (descriptorPath(call) ?? call.arguments).includes(root);
      if (!calls.test(name) || !isBelow) continue;
      this.#threads.add(thread);
      const earlier = clean.calls.slice(0, index + 1).filter((one) => one.thread === thread);
      const when = earlier.filter((one) => one.name === name).length;
      const injection = { names: [name], effect: `error=${error}`, when };
      const save = await this.#saveInjected(situation, [injection]);
      // Another thread may have made the save.
      if (!save?.calls.some(wasInjected)) continue;
      failed += 1;
      try {
        check(save);
      } catch (failure) {
        failures.push(failure instanceof Error ? failure.message : String(failure));
      }
    }
    assert.deepEqual(failures, []);
    return failed;
  }

  /**
   * A save whose process is stopped after this step's call until `meanwhile` returns.
   *
   * @param meanwhile is called with the paths of the save.
   */
  async saveStoppedAfter(moment: Moment, meanwhile: (names: Names) => void): Promise<TracedSave> {
    for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
      const injection = await this.#aim(moment, 'signal=SIGSTOP', attempt);
      const pid = this.#saver.processId;
      let stopped = false;
      const save = await this.#saveInjected(moment.situation, [injection], async (names, saving) => {
        let over = false;
        const end = saving.finally(() => {
          over = true;
        });
        end.catch(() => undefined);
        // The main thread is not traced: 'T' is a stop of the whole process (proc_pid_stat(5)).
        while (!over && !stopped) {
          stopped = stateOf(pid) === 'T';
          if (!stopped) await pause(1);
        }
        if (stopped) meanwhile(names);
        process.kill(pid, 'SIGCONT');
        return await end;
      });
      if (stopped && save !== undefined) return save;
    }
    assert.fail(`no attempt has stopped the save after the call to ${moment.step}`);
  }

  /** A save that is aborted while it makes this step's call, or right after it. */
  async saveAbortedAt(moment: Moment): Promise<TracedSave> {
    for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
      // On a slow machine the abort may come before the call, or after the save.
      const delay = Math.min(attempt, 4) * DELAY;
      const injection = await this.#aim(moment, `delay_enter=${delay * 1000}`, attempt);
      const save = await this.#saveInjected(moment.situation, [injection], async (_, saving) => {
        await pause(delay / 4);
        this.#saver.abort();
        const outcome = await saving;
        // It rejects meanwhile. The call ends later, and what it has made is removed.
        if (outcome.error !== undefined) await pause(delay);
        return outcome;
      });
      const call = save?.calls.find((one) => recognise[moment.step](one, save.names));
      if (save?.outcome.aborted && call?.result.endsWith('(DELAYED)')) return save;
    }
    assert.fail(`no attempt has aborted the save at the call to ${moment.step}`);
  }

  /** Finds the call in a save without faults, or goes by what was found before: the first attempt. */
  async #aim({ step, situation }: Moment, effect: string, attempt: number): Promise<Injection> {
    const key = `${situation}: ${step}`;
    const known = this.#aims.get(key);
    if (known !== undefined && attempt === 1 && this.#unchanged.has(situation)) return { ...known, effect };
    const { names, calls } = await this.#saveUnchanged(situation);
    const index = calls.findIndex((call) => recognise[step](call, names));
    const found = calls[index];
    assert.ok(found !== undefined, `the save makes no call to ${step}`);
    this.#threads.add(found.thread);
    const same = calls
      .slice(0, index + 1)
      .filter(({ thread, name }) => thread === found.thread && name === found.name);
    const aim = { names: [found.name], when: same.length };
    this.#aims.set(key, aim);
    return { ...aim, effect };
  }

  /** A save without faults, in a new process if the present one has learned something that changes the save. */
  async #saveUnchanged(situation: Situation): Promise<TracedSave> {
    // The first save of a process makes more calls than the later ones.
    if (this.#threads.size === 0) await this.#saveUntraced(situation);
    const save = await this.#saveIn(situation);
    const made = shapeOf(save.calls, this.#directory());
    if (!this.#mayHaveLearned) this.#calls.set(situation, made);
    else if (this.#calls.get(situation) !== made) {
      await this.#restart();
      return await this.#saveUnchanged(situation);
    }
    this.#unchanged.add(situation);
    return save;
  }

  async #saveUntraced(situation: Situation): Promise<void> {
    const { path, data = NEW, options } = prepare(situation, this.#directory());
    await this.#saver.save({ form: this.#form, path, data, options });
  }

  async #saveIn(situation: Situation): Promise<TracedSave> {
    const { names, path, data, options } = prepare(situation, this.#directory());
    return { ...(await this.save(path, options, data)), names };
  }

  /** @returns `undefined` if the process did not survive the fault, or a thread has ended. */
  async #saveInjected(
    situation: Situation,
    injections: readonly Injection[],
    attend: (names: Names, saving: Promise<Outcome>) => Promise<Outcome> = (_, saving) => saving,
  ): Promise<TracedSave | undefined> {
    const { names, path, data = NEW, options } = prepare(situation, this.#directory());
    const tasks = `/proc/${this.#saver.processId}/task`;
    const threads = [...this.#threads].filter((thread) => existsSync(`${tasks}/${thread}`));
    if (threads.length === 0) return undefined;
    let strace: Strace;
    try {
      strace = await Strace.attach({ threads }, injections);
    } catch (error) {
      // A thread that has long been idle ends at any time (ESRCH, ptrace(2)).
      if (isError(error) && error.message.includes('No such process')) return undefined;
      throw error;
    }
    try {
      const saving = this.#saver.save({ form: this.#form, path, data, options });
      return { outcome: await attend(names, saving), calls: await strace.detach(), names };
    } catch {
      await strace.detach();
      await this.#restart();
      return undefined;
    }
  }

  async #restart(): Promise<void> {
    await this.#saver.stop();
    this.#saver = new Saver(this.#options);
    this.#threads.clear();
    this.#aims.clear();
    this.#unchanged.clear();
    this.#mayHaveLearned = false;
  }
}

/** The calls below a directory with their flags, without names and numbers, whichever thread makes them. */
function shapeOf(calls: readonly SystemCall[], directory: string): string {
  return calls
    .filter((call) => (descriptorPath(call) ?? call.arguments).includes(directory))
    .map((call) => `${call.name}(${call.arguments.replace(/"[^"]*"|\d+(<[^>]*>)?/g, '')}`)
    .sort()
    .join('\n');
}

/** The state of a process's main thread: `R`, `S`, `T` and so on. */
function stateOf(pid: number): string | undefined {
  const status = readFileSync(`/proc/${pid}/stat`, 'latin1');
  return status[status.lastIndexOf(')') + 2];
}
