import { booleanOption, type Durability, oneOf, optionsObject } from '../base/options.js';
import { allOptionsBut } from '../base/refused-options.js';
import type { DurabilityRequest } from '../names/durability.js';

/**
 * Options of `exchange`, `renameExclusive` and `replaceSymlink`.
 *
 * @category exchange, renameExclusive, replaceSymlink
 */
export interface NameChangeOptions {
  /**
   * `'durable'` syncs the directories of both names: once the call resolves, the change survives power loss.
   * With `'ordered'` and `'none'` nothing is synced; the change is still atomic. Default `'durable'`.
   */
  durability?: Durability | null | undefined;
  /**
   * Rejects with `ERR_INDELIBLE_NOT_DURABLE`, before anything is changed, if the requested durability is not
   * available. Default `false`: the call does its best, and the result says what was achieved.
   */
  strict?: boolean | null | undefined;
}

const REFUSED = allOptionsBut(['durability', 'strict']);

export function resolveNameChangeOptions(options: NameChangeOptions | null | undefined): DurabilityRequest {
  const given = optionsObject(options, REFUSED);
  return {
    durability: oneOf('options.durability', given.durability, ['durable', 'ordered', 'none']),
    strict: booleanOption('options.strict', given.strict, false),
  };
}
