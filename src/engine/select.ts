import { type Addon, loadAddon } from '../addon/addon.js';
import { indelibleError, invalidArgumentValue, isError } from '../base/errors.js';
import type { FileSystemCalls } from '../fs/file-system-calls.js';
import { NativeCalls } from '../fs/native-calls.js';
import type { Engine } from './engine.js';
import { NativeEngine } from './native/native-engine.js';
import { ObservedEngine } from './observed-engine.js';
import { portableSelection } from './portable/selection.js';

/** The engine of this process, with the addon or the reason why it is not available. */
export type Selected = { engine: Engine; calls: FileSystemCalls } & (
  | { addon: Addon; unavailable: undefined }
  | { addon: undefined; unavailable: string }
);

let selected: Selected | undefined;

/**
 * The engine of this process, chosen on first use: the native engine if the addon loads, else the portable
 * engine. `INDELIBLE_ENGINE` in the environment forces one of them.
 *
 * @throws {Error} `ERR_INDELIBLE_UNSUPPORTED` if `native` is forced and the addon does not load;
 *   `ERR_INVALID_ARG_VALUE` for any other value of the variable.
 */
export function selectEngine(): Selected {
  selected ??= choose(process.env.INDELIBLE_ENGINE ?? '');
  return selected;
}

function choose(forced: string): Selected {
  if (!['', 'native', 'portable'].includes(forced)) {
    throw invalidArgumentValue('INDELIBLE_ENGINE', "'native' or 'portable'", forced);
  }
  if (forced === 'portable') return portable('INDELIBLE_ENGINE=portable');
  try {
    const addon = loadAddon();
    const engine = new NativeEngine(addon);
    return {
      engine: new ObservedEngine(engine),
      calls: new NativeCalls(addon),
      addon,
      unavailable: undefined,
    };
  } catch (cause) {
    const reason = isError(cause) ? cause.message : String(cause);
    if (forced === 'native') {
      throw indelibleError('ERR_INDELIBLE_UNSUPPORTED', `The native engine cannot be loaded: ${reason}`, {
        cause,
      });
    }
    return portable(reason);
  }
}

function portable(unavailable: string): Selected {
  const { engine, calls } = portableSelection();
  return { engine: new ObservedEngine(engine), calls, addon: undefined, unavailable };
}
