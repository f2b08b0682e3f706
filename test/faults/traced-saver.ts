import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import type { Fault } from './faults.js';
import { type Names, recognise } from './save-steps.js';
import { type Outcome, type SaveCall, Saver, type SaverOptions } from './saver.js';
import { NEW, prepare, type Situation } from './situations.js';
import { type Injection, Strace } from './strace.js';
import { type SystemCall, wasInjected } from './strace-log.js';

/**
 * A fault is aimed at the n-th call of a name in a thread. It misses where a save is made by another thread than the
 * one before, or where the engine has to look at the mount table again because somebody has mounted something. A
 * miss may hit a call that Node itself cannot do without.
 */
const ATTEMPTS = 100;

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
  /** A directory in which it may do as it likes. */
  readonly #directory: () => string;
  #saver: Saver;
  /** Those that have made a save. Nobody else's calls are to fail. */
  readonly #threads = new Set<number>();

  constructor(options: SaverOptions, form: SaveCall['form'], directory: () => string) {
    this.#options = options;
    this.#form = form;
    this.#directory = directory;
    this.#saver = new Saver(options);
  }

  async stop(): Promise<void> {
    await this.#saver.stop();
  }

  /** A save in which nothing fails. */
  async save(
    path: string,
    options: SaveCall['options'],
    data = NEW,
  ): Promise<{ outcome: Outcome; calls: SystemCall[] }> {
    const strace = await Strace.attach({ process: this.#saver.processId });
    const outcome = await this.#saver.save({ form: this.#form, path, data, options });
    return { outcome, calls: await strace.detach() };
  }

  /** A save in which exactly the call of the fault fails. */
  async saveWith(fault: Fault): Promise<TracedSave> {
    for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
      const injections = await this.#aim(fault);
      const save = await this.#saveInjected(fault.situation, injections);
      if (save === undefined) continue;
      // The first such call, and no other before it: a later one of the same kind may mean something else.
      const failed = save.calls.find(wasInjected);
      const meant = save.calls.find((call) => recognise[fault.step](call, save.names));
      if (failed !== undefined && failed === meant) return save;
    }
    assert.fail(`no attempt has hit the call to ${fault.step}`);
  }

  /** Finds the call in a save that goes well. */
  async #aim(fault: Fault): Promise<Injection[]> {
    // The first save of a process looks at more than the later ones.
    if (this.#threads.size === 0) await this.#saveIn(fault.situation);
    const { names, calls } = await this.#saveIn(fault.situation);
    const index = calls.findIndex((call) => recognise[fault.step](call, names));
    const found = calls[index];
    assert.ok(found !== undefined, `the save makes no call to ${fault.step}`);
    this.#threads.add(found.thread);
    const same = calls
      .slice(0, index + 1)
      .filter(({ thread, name }) => thread === found.thread && name === found.name);
    const injection = { names: [found.name], error: fault.error, when: same.length };
    return fault.also === undefined ? [injection] : [injection, { ...fault.also, when: 1 }];
  }

  async #saveIn(situation: Situation): Promise<TracedSave> {
    const { names, path, data, options } = prepare(situation, this.#directory());
    return { ...(await this.save(path, options, data)), names };
  }

  /** @returns `undefined` if the process has not survived. */
  async #saveInjected(
    situation: Situation,
    injections: readonly Injection[],
  ): Promise<TracedSave | undefined> {
    const { names, path, data = NEW, options } = prepare(situation, this.#directory());
    const tasks = `/proc/${this.#saver.processId}/task`;
    const threads = [...this.#threads].filter((thread) => existsSync(`${tasks}/${thread}`));
    if (threads.length === 0) return undefined;
    const strace = await Strace.attach({ threads }, injections);
    try {
      const outcome = await this.#saver.save({ form: this.#form, path, data, options });
      return { outcome, calls: await strace.detach(), names };
    } catch {
      await strace.detach();
      this.#saver = new Saver(this.#options);
      this.#threads.clear();
      return undefined;
    }
  }
}
