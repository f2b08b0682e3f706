import type { NameChange, NameChangeRequest } from './engine/engine.js';
import { selectEngine } from './engine/select.js';
import { invalidArgumentType } from './errors.js';
import { booleanOption, type Durability, oneOf } from './options.js';
import type { AbsolutePath } from './path.js';

/** Options of `exchange`, `renameExclusive` and `replaceSymlink`. */
export interface NameChangeOptions {
  /**
   * `'durable'` syncs the directories of both names, so that the change survives power loss once it resolves. With
   * `'ordered'` and `'none'` nothing is synced; it is one step all the same. Default `'durable'`.
   */
  durability?: Durability | undefined;
  /**
   * Rejects with `ERR_INDELIBLE_NOT_DURABLE`, before anything is changed, where the durability that was asked for cannot
   * be had. Default `false`: it does its best, and the result tells.
   */
  strict?: boolean | undefined;
}

/** What is to change, with absolute paths. */
type Change = Pick<NameChangeRequest, 'kind'> & { from: AbsolutePath; to: AbsolutePath };

export async function changeNames(
  change: Change,
  options: NameChangeOptions | null | undefined,
): Promise<NameChange> {
  const request = requestOf(change, options);
  return selectEngine().engine.changeNames(request);
}

export function changeNamesSync(change: Change, options: NameChangeOptions | null | undefined): NameChange {
  const request = requestOf(change, options);
  return selectEngine().engine.changeNamesSync(request);
}

function requestOf(change: Change, options: NameChangeOptions | null | undefined): NameChangeRequest {
  const given = options ?? {};
  if (typeof given !== 'object') throw invalidArgumentType('options', 'of type object', options);
  return {
    ...change,
    durability: oneOf('options.durability', given.durability, ['durable', 'ordered', 'none']),
    strict: booleanOption('options.strict', given.strict, false),
  };
}
