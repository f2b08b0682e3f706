import { type Durability, isWeaker } from '../base/options.js';
import type { AbsolutePath } from '../base/path.js';
import type { FileSystemCalls, FilesystemPlan, OpenDirectory } from '../fs/file-system-calls.js';
import type { Steps } from '../fs/steps.js';
import { type EntryPath, isSame } from './entry-path.js';
import { namesNotDurable, withPaths } from './errors.js';

/** What a change of names has achieved. */
export interface NameChange {
  /** What is really promised about power loss: `'none'` on tmpfs, whatever was asked. */
  durability: Durability;
}

/** What a caller asks for. */
export interface Wanted {
  readonly durability: Durability;
  /** Nothing is to be done where that cannot be had. */
  readonly strict: boolean;
}

/** What can be had of a plan, in these directories. */
export function achievable(plan: FilesystemPlan, entries: readonly EntryPath[]): Durability {
  const syncable = entries.every(({ directory }) => directory.syncable);
  return plan.achieves === 'durable' && !syncable ? 'ordered' : plan.achieves;
}

/** @param path what is to become durable. */
export function refuseIfWeaker(
  achieves: Durability,
  { durability, strict }: Wanted,
  path: AbsolutePath,
): void {
  if (strict && isWeaker(achieves, durability)) throw namesNotDurable(path);
}

/** Whether the names are synced. */
export function syncsNames({ protocol }: FilesystemPlan, { durability }: Wanted): boolean {
  return durability === 'durable' && protocol !== 'rename';
}

/**
 * Syncs the directories of names that were changed, each once. In this order: after a crash between two of them there may be
 * both names, never neither.
 *
 * @returns what is achieved by that of what was achievable.
 */
export function* syncNames(
  calls: FileSystemCalls,
  plan: FilesystemPlan,
  achieves: Durability,
  [first, ...others]: readonly [EntryPath, ...EntryPath[]],
): Steps<Durability> {
  const synced: OpenDirectory[] = [];
  let stable = true;
  for (const { directory, asked } of [first, ...others]) {
    if (synced.some((earlier) => isSame(earlier, directory))) continue;
    synced.push(directory);
    if (!(yield* withPaths(calls.syncDirectory(directory), asked))) stable = false;
  }
  if (stable && plan.syncsFileAgain && calls.commitLog !== undefined) yield* calls.commitLog(first.directory);
  return achieves === 'durable' && !stable ? 'ordered' : achieves;
}
