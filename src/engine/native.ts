import { isMainThread } from 'node:worker_threads';
import { abortError, indelibleError, type SaveError, systemError } from '../errors.js';
import { type Decision, decide, type Plan } from '../filesystem/decision.js';
import { SYNCS_THAT_SHOW_NO_FAST_COMMIT } from '../filesystem/ext4-proof.js';
import { MOUNT_POINT_HINT } from '../fs/failure.js';
import type { Durability } from '../options.js';
import type { AbsolutePath } from '../path.js';
import type {
  Addon,
  NativeFailure,
  NativeOutcome,
  NativeQuestion,
  NativeRequest,
  NativeStages,
} from './addon.js';
import {
  type Engine,
  type FileUpdate,
  type FileUpdateSync,
  type OpenedTemporary,
  type OpenRequest,
  type OpenSave,
  type OpenSaveSync,
  type Saved,
  type SaveRequest,
  settled,
  type UpdateRequest,
} from './engine.js';
import { cannotKeep, keptUnderItself } from './keep-previous-errors.js';
import { NativeOpenSave, NativeOpenSaveSync, type Opening } from './native-open-save.js';
import { NativeTemporary } from './native-temporary.js';
import { NativeFileUpdate, NativeFileUpdateSync, type Updating } from './native-update.js';
import { noTemporary } from './temporary-errors.js';
import { changed, noLock } from './update-errors.js';

/** What of a decision a save goes by. */
type Choices = Pick<Decision, Durability | 'textbook' | 'syncfs'>;

/** The rows of the addon's plan table (`native/save_request.h`, PlanChoice). */
const PLAN_ROWS: readonly ((choices: Choices) => Plan)[] = [
  ({ durable }) => durable,
  ({ ordered }) => ordered,
  ({ none }) => none,
  ({ textbook }) => textbook.durable,
  ({ textbook }) => textbook.ordered,
];
const ROW_OF: Readonly<Record<Durability, number>> = { durable: 0, ordered: 1, none: 2 };
const TEXTBOOK_ROW_OF: Readonly<Record<Durability, number>> = { durable: 3, ordered: 4, none: 2 };

/** A mount table that changes all the time must not keep a change of names from ever being decided. */
const MOST_QUESTIONS = 5;

/** Of a save whose data arrives in pieces. */
const NO_DATA = new Uint8Array(0);

/** What the addon goes by where no question can be asked. */
const UNDECIDED: Choices = { ...TEXTBOOK, textbook: TEXTBOOK, syncfs: false };

const STRENGTH: Record<Durability, number> = { none: 0, ordered: 1, durable: 2 };

/** Saves through the addon, on threads of its own. */
export class NativeEngine implements Engine {
  readonly name = 'native';
  readonly #addon: Addon;
  readonly #flags: Addon['flags'];
  readonly #stages: Addon['stages'];
  #tickets = 0;

  constructor(addon: Addon) {
    this.#addon = addon;
    // A copy: the addon's own object is slow to read.
    this.#flags = { ...addon.flags };
    this.#stages = [...addon.stages];
    addon.setDecider((questions) => this.#answer(questions));
    // Elsewhere the addon hears of the end by itself; a Windows library does when its threads have been killed.
    if (process.platform === 'win32' && isMainThread) process.on('exit', () => addon.takeBack());
  }

  async save(request: SaveRequest): Promise<Saved> {
    this.#tickets += 1;
    const ticket = this.#tickets;
    const outcome = this.#addon.save(
      request.path,
      request.data,
      this.#bits(request),
      request.mode ?? 0,
      request.owner?.uid ?? 0,
      request.owner?.gid ?? 0,
      request.keepPrevious,
      ticket,
    );
    return this.#outcome(request, outcome, ticket);
  }

  async #outcome(request: SaveRequest, outcome: Promise<NativeOutcome>, ticket: number): Promise<Saved> {
    const { signal } = request;
    if (signal === undefined) return this.#saved(request, await outcome);
    const cancel = (): void => this.#addon.cancel(ticket);
    signal.addEventListener('abort', cancel, { once: true });
    try {
      return this.#saved(request, await outcome);
    } finally {
      signal.removeEventListener('abort', cancel);
    }
  }

  saveSync(request: SaveRequest): Saved {
    for (;;) {
      const outcome = this.#addon.saveSync(
        request.path,
        request.data,
        this.#bits(request),
        request.mode ?? 0,
        request.owner?.uid ?? 0,
        request.owner?.gid ?? 0,
        request.keepPrevious,
      );
      if (outcome !== null) return this.#saved(request, outcome);
      this.#answer(this.#addon.takeUndecided());
    }
  }

  saveGroupSync(requests: readonly SaveRequest[]): PromiseSettledResult<Saved>[] {
    // The addon answers a single save by itself.
    const [first] = requests;
    if (first === undefined) return [];
    if (requests.length === 1) return [settled(() => this.saveSync(first))];
    const saves = requests.flatMap((request) => [
      request.path,
      request.data,
      this.#bits(request),
      request.mode ?? 0,
      request.owner?.uid ?? 0,
      request.owner?.gid ?? 0,
      request.keepPrevious,
    ]);
    for (;;) {
      const outcomes = this.#addon.saveSync(...saves);
      if (outcomes === null) {
        this.#answer(this.#addon.takeUndecided());
        continue;
      }
      return outcomes.flatMap((outcome, index) => {
        const request = requests[index];
        return request === undefined ? [] : [settled(() => this.#saved(request, outcome))];
      });
    }
  }

  open(request: OpenRequest): Promise<OpenSave> {
    return NativeOpenSave.open(this.#opening(request));
  }

  openSync(request: OpenRequest): OpenSaveSync {
    return new NativeOpenSaveSync(this.#opening(request));
  }

  update(request: UpdateRequest): FileUpdate {
    return new NativeFileUpdate(this.#updating(request));
  }

  updateSync(request: UpdateRequest): FileUpdateSync {
    return new NativeFileUpdateSync(this.#updating(request));
  }

  #updating(request: UpdateRequest): Updating {
    this.#tickets += 1;
    const update = this.#tickets;
    return {
      addon: this.#addon,
      ticket: update,
      arguments: [update, request.path, request.makeDirectories, request.lock === 'machine'],
      failure: (failure) => readError(request, failure),
      save: (save) => this.#saveUpdate(save, update),
      saveSync: (save) => this.#saveUpdateSync(save, update),
    };
  }

  #saveUpdate(request: SaveRequest, update: number): Promise<Saved> {
    this.#tickets += 1;
    const ticket = this.#tickets;
    const outcome = this.#addon.saveUpdate(
      request.path,
      request.data,
      this.#bits(request),
      request.mode ?? 0,
      request.owner?.uid ?? 0,
      request.owner?.gid ?? 0,
      request.keepPrevious,
      update,
      ticket,
    );
    return this.#outcome(request, outcome, ticket);
  }

  #saveUpdateSync(request: SaveRequest, update: number): Saved {
    for (;;) {
      const outcome = this.#addon.saveUpdateSync(
        request.path,
        request.data,
        this.#bits(request),
        request.mode ?? 0,
        request.owner?.uid ?? 0,
        request.owner?.gid ?? 0,
        request.keepPrevious,
        update,
      );
      if (outcome !== null) return this.#saved(request, outcome);
      this.#answer(this.#addon.takeUndecided());
    }
  }

  async openTemporary(request: OpenRequest): Promise<OpenedTemporary> {
    refuseWithoutDescriptors(request);
    const opening = this.#requestOf(request);
    for (let asked = 0; ; asked += 1) {
      const outcome = await this.#addon.openTemporary(...opening, asked >= MOST_QUESTIONS);
      if (!isQuestion(outcome)) return this.#openedTemporary(request, opening, outcome);
      this.#answer([outcome]);
    }
  }

  openTemporarySync(request: OpenRequest): OpenedTemporary {
    refuseWithoutDescriptors(request);
    const opening = this.#requestOf(request);
    for (let asked = 0; ; asked += 1) {
      const outcome = this.#addon.openTemporarySync(...opening, asked >= MOST_QUESTIONS);
      if (!isQuestion(outcome)) return this.#openedTemporary(request, opening, outcome);
      this.#answer([outcome]);
    }
  }

  #openedTemporary(
    request: OpenRequest,
    [, , , , , , , ticket]: NativeRequest,
    outcome: number | NativeFailure,
  ): OpenedTemporary {
    if (typeof outcome !== 'number') {
      this.#addon.closeTemporarySync(ticket);
      throw nativeError(request, outcome);
    }
    return new NativeTemporary({
      addon: this.#addon,
      ticket,
      fd: Math.floor(outcome / 2),
      unnamed: outcome % 2 === 1,
      requestOf: (publishing) => this.#requestOf(publishing),
      saved: (publishing, result) => this.#saved(publishing, result),
      decide: () => this.#answer(this.#addon.takeUndecided()),
    });
  }

  /** A new request, whose data comes otherwise. */
  #requestOf(request: OpenRequest): NativeRequest {
    this.#tickets += 1;
    return [
      request.path,
      NO_DATA,
      this.#bits(request),
      request.mode ?? 0,
      request.owner?.uid ?? 0,
      request.owner?.gid ?? 0,
      request.keepPrevious,
      this.#tickets,
    ];
  }

  #opening(request: OpenRequest): Opening {
    const opening = this.#requestOf(request);
    const ticket = this.#tickets;
    return {
      addon: this.#addon,
      ticket,
      signal: request.signal,
      arguments: opening,
      failure: (failure) => nativeError(request, failure),
      abandoned: (stages) => {
        if (stages !== 0) this.#addStages(request, stages);
      },
      saved: (outcome) => this.#saved(request, outcome),
      decide: () => this.#answer(this.#addon.takeUndecided()),
    };
  }

  #bits(request: OpenRequest): number {
    const flags = this.#flags;
    let bits = rowOf(request);
    if (request.ifExists === 'fail') bits |= flags.exclusive;
    if (request.followSymlinks) bits |= flags.followSymlinks;
    if (request.makeDirectories) bits |= flags.makeDirectories;
    if (request.preserve !== 'none') bits |= flags.preservePermissions;
    if (request.preserve === 'all') bits |= flags.preserveAll;
    if (request.strict) bits |= flags.strict;
    if (request.mode !== undefined) bits |= flags.hasMode;
    if (request.owner !== undefined) bits |= flags.hasOwner;
    if (request.timer !== undefined) bits |= flags.timed;
    if (request.keepPrevious !== undefined) bits |= flags.keepPrevious;
    return bits;
  }

  /** What is decided about the filesystem of a directory that the addon has open. */
  choicesFor(directory: number): Choices {
    for (let asked = 0; asked < MOST_QUESTIONS; asked += 1) {
      const found = this.#addon.findPlan(directory);
      if (typeof found === 'number') return this.#standings.get(found)?.decision ?? UNDECIDED;
      this.#answer([found]);
    }
    return UNDECIDED;
  }

  #answer(questions: readonly NativeQuestion[]): void {
    for (const question of questions) this.#decide(question);
  }

  /** Decides about a filesystem by what it shows now, and tells the addon. */
  #decide({ directory, major, minor, mountId, generation, syncs }: NativeQuestion): void {
    const location = { directory, major, minor, mountId: mountId === 0 ? undefined : mountId };
    const decision = decide(location, syncs);
    const plans = PLAN_ROWS.map((planOf) => this.#planBits(planOf(decision), decision));
    const learnsAfter = decision.provisional ? SYNCS_THAT_SHOW_NO_FAST_COMMIT : 0;
    this.#addon.decide(major, minor, mountId, generation, learnsAfter, plans);
  }

  #planBits({ protocol, achieves, temporary, replaced }: Plan, { inMemory, syncfs }: Decision): number {
    const { planFlags } = this.#addon;
    let bits = DURABILITIES.indexOf(achieves);
    if (protocol === 'sync-rename-sync') bits |= planFlags.syncData;
    if (protocol === 'single-commit') bits |= planFlags.writeBack;
    if (temporary === 'unnamed') bits |= planFlags.unnamed;
    if (replaced === 'held') bits |= planFlags.holdReplaced;
    if (!inMemory) bits |= planFlags.closeMayFail;
    if (syncfs) bits |= planFlags.syncFilesystem;
    return bits;
  }

  #saved(request: OpenRequest, answer: NativeOutcome): Saved {
    const outcome = this.#untimed(request, answer);
    if (typeof outcome !== 'number') throw nativeError(request, outcome);
    return {
      path: request.path,
      bytes: Math.floor(outcome / 32),
      replaced: (outcome & 1) !== 0,
      durability: durabilityOf((outcome % 8) >> 1),
      protocol: PROTOCOLS[(outcome % 32) >> 3] ?? 'rename',
    };
  }

  #untimed(request: OpenRequest, answer: NativeOutcome): number | NativeFailure {
    if (typeof answer === 'number' || !('stages' in answer)) return answer;
    this.#addStages(request, answer.stages);
    return answer.outcome;
  }

  #addStages({ timer }: OpenRequest, stages: NativeStages): void {
    if (timer === undefined) return;
    for (const [index, stage] of this.#stages.entries()) timer.spent[stage] += stages[index] ?? 0;
  }
}

function durabilityOf(number: number): Durability {
  return DURABILITIES[number] ?? 'none';
}

function rowOf({ durability, protocol }: OpenRequest): number {
  return (protocol === undefined ? ROW_OF : TEXTBOOK_ROW_OF)[durability];
}

function isQuestion(outcome: number | NativeFailure | NativeQuestion): outcome is NativeQuestion {
  return typeof outcome === 'object' && 'generation' in outcome;
}

function nativeError(request: OpenRequest, failure: NativeFailure): SaveError {
  const where = { syscall: failure.syscall, path: failure.path ?? request.path };
  switch (failure.reason) {
    case 'cancelled':
      if (request.signal?.aborted) return abortError(request.signal);
      break;
    case 'not-a-file':
      return notAFile(where);
    case 'not-durable':
      return indelibleError(
        'ERR_INDELIBLE_NOT_DURABLE',
        `The filesystem cannot make '${where.path}' ${request.durability}`,
        where,
      );
    case 'unsupported':
      return indelibleError(
        'ERR_INDELIBLE_UNSUPPORTED',
        `The filesystem has no atomic way to create '${where.path}' only if it does not exist`,
        where,
      );
    case 'changed':
      return changed(request.path);
    case 'mount-point':
      return systemError({ ...failure, ...where, hint: MOUNT_POINT_HINT });
    case 'cannot-keep':
      return cannotKeep(request);
    case 'same-path':
      return keptUnderItself(request);
    default:
      break;
  }
  return systemError({ ...failure, ...where });
}

/** Before anything is saved. */
function readError(request: UpdateRequest, failure: NativeFailure): SaveError {
  const where = { syscall: failure.syscall, path: failure.path ?? request.path };
  switch (failure.reason) {
    case 'no-lock':
      return noLock(request.path, 'The filesystem', failure.syscall);
    case 'not-a-file':
      return notAFile(where);
    case 'mount-point':
      return systemError({ ...failure, ...where, hint: MOUNT_POINT_HINT });
    default:
      return systemError({ ...failure, ...where });
  }
}

function notAFile(where: { syscall: string; path: AbsolutePath }): SaveError {
  const message = `Not a regular file, and nothing else is replaced: '${where.path}'`;
  return indelibleError('ERR_INDELIBLE_NOT_A_FILE', message, where);
}

/**
 * On Windows a descriptor is an entry of a table in Node's own C library, which an addon cannot add to; in Deno, of a table of
 * Deno's.
 */
function refuseWithoutDescriptors({ path }: OpenRequest): void {
  if (process.platform === 'win32') throw noTemporary(path, 'Windows');
  if (process.versions.deno !== undefined) throw noTemporary(path, 'Deno');
}
