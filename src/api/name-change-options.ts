import { invalidArgumentType } from '../base/errors.js';
import { booleanOption, type Durability, oneOf } from '../base/options.js';
import type { DurabilityRequest } from '../names/durability.js';

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

export function resolveNameChangeOptions(options: NameChangeOptions | null | undefined): DurabilityRequest {
  const given = options ?? {};
  if (typeof given !== 'object') throw invalidArgumentType('options', 'of type object', options);
  return {
    durability: oneOf('options.durability', given.durability, ['durable', 'ordered', 'none']),
    strict: booleanOption('options.strict', given.strict, false),
  };
}
