import { refuseIfLost, type SaveData } from '../base/data.js';
import { abortError, invalidArgumentType, invalidArgumentValue, withPublished } from '../base/errors.js';
import { isIterable, notAnIterable, valuesOf, valuesOfAny } from '../base/iteration.js';
import {
  type ResolvedOptions,
  resolveKeepPrevious,
  resolveOptions,
  SAVE_OPTIONS,
  type SaveOptions,
} from '../base/options.js';
import type { PathLike } from '../base/path.js';
import { allOptionsBut, refuseOptions } from '../base/refused-options.js';
import type { Saved, SaveRequest } from '../base/save-request.js';
import { selectEngine } from '../engine/select.js';
import { requestOf } from './save.js';

/**
 * One of the files of `saveAll`.
 *
 * @category saveAll
 */
export interface FileToSave {
  path: PathLike;
  data: SaveData;
  /** As the option of `save`, for this file. */
  keepPrevious?: PathLike | null | undefined;
}

/**
 * Options of `saveAll`: those of `save` without `keepPrevious`, which is a property of each file, and without
 * `sweep`: it never looks for what killed programs have left.
 *
 * @category saveAll
 */
export type SaveAllOptions = Omit<SaveOptions, 'keepPrevious' | 'sweep'>;

/**
 * The number of files that are taken from the iterable and not saved yet: twice as many as the engine saves
 * at once.
 */
const MAX_PENDING = 512;
/**
 * The total size of these files, in bytes, so that large files are not all read at once. A single file may be
 * larger.
 */
const MAX_PENDING_BYTES = 64 * 1024 * 1024;

const REFUSED = allOptionsBut(SAVE_OPTIONS.filter((option) => option !== 'sweep'));

/** Options are for all files. One that stands in a file would be lost. */
const REFUSED_IN_FILES = allOptionsBut(['keepPrevious']);

/** The number of files in a synchronous group. Each holds two descriptors until the group is published. */
const MAX_GROUP_SIZE = 128;

const notFiles = notAnIterable('files', 'an iterable of files');

/**
 * Some of the files were not saved. The other files were saved: each file is atomic, the group is not.
 *
 * @category saveAll
 */
export class SaveAllError extends AggregateError {
  override readonly name = 'SaveAllError';
  readonly code = 'ERR_INDELIBLE_SAVE_ALL';
  /** The outcome of each file, in the order of the files. */
  readonly outcomes: readonly PromiseSettledResult<Saved>[];
  /** Whether any of the files has its new content. The errors of the files say it of each. */
  readonly published: boolean;

  constructor(outcomes: readonly PromiseSettledResult<Saved>[], message: string, errors: unknown[]) {
    super(errors, message);
    this.outcomes = outcomes;
    this.published = outcomes.some(
      (outcome) => outcome.status === 'fulfilled' || outcome.reason?.published === true,
    );
  }
}

/**
 * Saves many files, each as `save` does. The files share their commits: a thousand files cost about as many
 * flushes as a few. A failure of one file does not affect the others: all files are tried.
 *
 * Guaranteed for each file: the guarantees of `save`. Not guaranteed: that the files change together.
 *
 * @param files taken one by one, at most 512 files or 64 MiB ahead of the saves. So a hundred thousand files
 *   need not be in memory at once.
 * @param options for all files, as of `save`.
 * @returns the results in the order of the files.
 * @throws {SaveAllError} an `AggregateError` with the outcome of each file, after all other files were saved.
 *   If the iterable throws or the signal is aborted, no more files are taken, and that error is the last one
 *   in `errors`.
 * @throws {TypeError | RangeError} at once, for wrong options, or if `files` is not iterable.
 * @category saveAll
 */
export async function saveAll(
  files: Iterable<FileToSave> | AsyncIterable<FileToSave>,
  options?: SaveAllOptions | BufferEncoding | null,
): Promise<Saved[]> {
  const resolved = resolveSharedOptions(options);
  if (!isIterable(files)) throw notFiles(files);
  const { engine } = selectEngine();
  const outcomes: PromiseSettledResult<Saved>[] = [];
  let pending = 0;
  let pendingBytes = 0;
  let taken = 0;
  let wake: (() => void) | undefined;
  const untilOneSettles = (): Promise<void> =>
    new Promise((resolve) => {
      wake = resolve;
    });
  const settle = (at: number, size: number, outcome: PromiseSettledResult<Saved>): void => {
    outcomes[at] = outcome;
    pending -= 1;
    pendingBytes -= size;
    wake?.();
  };
  let failure: { error: unknown } | undefined;
  try {
    for await (const file of valuesOfAny(files, notFiles)) {
      if (resolved.signal?.aborted) throw abortError(resolved.signal);
      const at = taken;
      taken += 1;
      const request = requestOrFailure(file, resolved);
      if ('reason' in request) {
        outcomes[at] = { status: 'rejected', reason: request.reason };
        continue;
      }
      const { size } = request;
      while (pending >= MAX_PENDING || (pending > 0 && pendingBytes + size > MAX_PENDING_BYTES)) {
        await untilOneSettles();
      }
      pending += 1;
      pendingBytes += size;
      engine.save(request).then(
        (value) => settle(at, size, { status: 'fulfilled', value }),
        (reason: unknown) => settle(at, size, { status: 'rejected', reason }),
      );
    }
  } catch (error) {
    failure = { error };
  }
  while (pending > 0) await untilOneSettles();
  return resultsOf(outcomes, failure);
}

/**
 * The same on the calling thread.
 *
 * @throws as `saveAll` rejects.
 * @category saveAll
 */
export function saveAllSync(
  files: Iterable<FileToSave>,
  options?: SaveAllOptions | BufferEncoding | null,
): Saved[] {
  const resolved = resolveSharedOptions(options);
  if (!isIterable(files, 'synchronous')) throw notFiles(files);
  const { engine } = selectEngine();
  const outcomes: PromiseSettledResult<Saved>[] = [];
  let group: { at: number; request: SaveRequest }[] = [];
  let bytes = 0;
  let failure: { error: unknown } | undefined;
  const saveGroup = (): void => {
    const members = group.filter(({ at, request }) => {
      try {
        refuseIfLost(request.data, request.size);
        return true;
      } catch (reason) {
        outcomes[at] = { status: 'rejected', reason };
        return false;
      }
    });
    engine.saveGroupSync(members.map(({ request }) => request)).forEach((outcome, position) => {
      const member = members[position];
      if (member !== undefined) outcomes[member.at] = outcome;
    });
    group = [];
    bytes = 0;
  };
  try {
    for (const file of valuesOf(files, notFiles)) {
      const at = outcomes.length + group.length;
      const request = requestOrFailure(file, resolved);
      if ('reason' in request) {
        saveGroup();
        outcomes[at] = { status: 'rejected', reason: request.reason };
        continue;
      }
      group.push({ at, request });
      bytes += request.size;
      if (group.length >= MAX_GROUP_SIZE || bytes > MAX_PENDING_BYTES) saveGroup();
    }
  } catch (error) {
    failure = { error };
  }
  saveGroup();
  return resultsOf(outcomes, failure);
}

/** @throws `ERR_INVALID_ARG_VALUE` for `keepPrevious`: one path cannot keep the versions of many files. */
function resolveSharedOptions(options: SaveAllOptions | BufferEncoding | null | undefined): ResolvedOptions {
  const resolved = resolveOptions(options, REFUSED);
  const { keepPrevious } = resolved;
  if (keepPrevious === undefined) return { ...resolved, sweep: false };
  throw invalidArgumentValue('options.keepPrevious', 'a property of each file', keepPrevious);
}

/** Wrong arguments of one file count as the failure of that file. */
function requestOrFailure(file: FileToSave, options: ResolvedOptions): SaveRequest | { reason: unknown } {
  try {
    if (typeof file !== 'object' || file === null)
      throw invalidArgumentType('file', 'an object with path and data', file);
    refuseOptions(file, REFUSED_IN_FILES, 'file');
    const keepPrevious = resolveKeepPrevious(file.keepPrevious, options.ifExists);
    return requestOf(
      file.path,
      file.data,
      keepPrevious === undefined ? options : { ...options, keepPrevious },
    );
  } catch (reason) {
    return { reason };
  }
}

function resultsOf(
  outcomes: readonly PromiseSettledResult<Saved>[],
  failure: { error: unknown } | undefined,
): Saved[] {
  const saved = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
  if (saved.length === outcomes.length && failure === undefined) return saved;
  const errors = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []));
  const counts = `${errors.length} of ${outcomes.length} files were not saved`;
  if (failure === undefined) throw new SaveAllError(outcomes, counts, errors);
  errors.push(withPublished(failure.error, false));
  throw new SaveAllError(outcomes, `${counts}, and no more were taken`, errors);
}
