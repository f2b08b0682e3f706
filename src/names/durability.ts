import { type Durability, isWeaker } from '../base/options.js';
import type { AbsolutePath } from '../base/path.js';
import type { FileSystemCalls, FilesystemPlan, OpenDirectory } from '../fs/file-system-calls.js';
import type { Steps } from '../fs/steps.js';
import { type EntryPath, isSameFile } from './entry-path.js';
import { notDurableError, withPaths } from './errors.js';

/**
 * The result of an operation on names.
 *
 * @category exchange, renameExclusive, replaceSymlink
 */
export interface NameChange {
  /** The durability that was achieved: `'none'` on tmpfs, whatever was requested. */
  durability: Durability;
}

/** The durability that the caller requests. */
export interface DurabilityRequest {
  readonly durability: Durability;
  /** Whether the call fails, before anything is changed, if that durability is not available. */
  readonly strict: boolean;
}

/** The durability that a plan achieves in these directories. */
export function achievableDurability(plan: FilesystemPlan, entries: readonly EntryPath[]): Durability {
  const syncable = entries.every(({ directory }) => directory.syncable);
  return plan.achieves === 'durable' && !syncable ? 'ordered' : plan.achieves;
}

/**
 * @param path names the entry in the error.
 * @throws `ERR_INDELIBLE_NOT_DURABLE` with `strict`, if less is achieved than requested.
 */
export function refuseIfWeaker(
  achieves: Durability,
  { durability, strict }: DurabilityRequest,
  path: AbsolutePath,
): void {
  if (strict && isWeaker(achieves, durability)) throw notDurableError(path);
}

/** Whether the directories of the names must be synced. */
export function needsDirectorySync({ protocol }: FilesystemPlan, { durability }: DurabilityRequest): boolean {
  return durability === 'durable' && protocol !== 'rename';
}

/**
 * Syncs the directories of changed names in the given order, each once. After a crash between two syncs both
 * names may exist, but one of them always exists.
 *
 * @param achieves the durability that is achievable.
 * @returns the durability that was achieved.
 */
export function* syncDirectories(
  calls: FileSystemCalls,
  plan: FilesystemPlan,
  achieves: Durability,
  [first, ...others]: readonly [EntryPath, ...EntryPath[]],
): Steps<Durability> {
  const synced: OpenDirectory[] = [];
  let stable = true;
  for (const { directory, path } of [first, ...others]) {
    if (synced.some((earlier) => isSameFile(earlier, directory))) continue;
    synced.push(directory);
    if (!(yield* withPaths(calls.syncDirectory(directory), path))) stable = false;
  }
  if (stable && plan.syncsFileAgain && calls.commitLog !== undefined) yield* calls.commitLog(first.directory);
  return achieves === 'durable' && !stable ? 'ordered' : achieves;
}
