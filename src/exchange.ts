import { constants } from 'node:os';
import type { NativeFailure } from './engine/addon.js';
import { selectEngine } from './engine/select.js';
import { indelibleError } from './errors.js';
import { type Name, nameChangeError, nameOf, unsupportedByFs } from './name-change.js';
import { isDurable, type NameChangeOptions } from './options.js';
import type { PathLike } from './path.js';

/**
 * Swaps what stands under two paths, of any kind, in one step: renameat2(2) with `RENAME_EXCHANGE`. Symbolic links are
 * swapped themselves.
 *
 * Guaranteed: whoever looks, at any instant and after any crash, finds both as they were or both swapped. Once it
 * resolves, the swap survives power loss, as far as the filesystem can sync a directory.
 *
 * Not guaranteed: that what was swapped is itself durable; it is as durable as it was.
 *
 * @throws {SaveError} `ENOENT` if either is missing, `EXDEV` on two filesystems, `EBUSY` for a mount point, and the
 *   errors of the syncs, with `published: true`. `ERR_INDELIBLE_UNSUPPORTED` where the filesystem or the engine has no
 *   such call; it is never emulated by several steps.
 * @throws {TypeError} `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE` for wrong arguments.
 */
export async function exchange(a: PathLike, b: PathLike, options?: NameChangeOptions): Promise<void> {
  const one = nameOf(a, 'a');
  const other = nameOf(b, 'b');
  const durable = isDurable(options);
  const { addon } = selectEngine();
  if (addon === undefined) throw unsupportedByFs('exchange', one);
  check(await addon.exchange(one.directory, one.last, other.directory, other.last, durable), one, other);
}

/** The same on the calling thread. */
export function exchangeSync(a: PathLike, b: PathLike, options?: NameChangeOptions): void {
  const one = nameOf(a, 'a');
  const other = nameOf(b, 'b');
  const durable = isDurable(options);
  const { addon } = selectEngine();
  if (addon === undefined) throw unsupportedByFs('exchange', one);
  check(addon.exchangeSync(one.directory, one.last, other.directory, other.last, durable), one, other);
}

function check(result: number | NativeFailure, one: Name, other: Name): void {
  if (typeof result === 'number') return;
  const error = nameChangeError(result, one, other);
  // rename(2): EINVAL is also what a swap of a directory with something in it gives.
  const missing = result.errno === constants.errno.EINVAL || result.errno === constants.errno.ENOSYS;
  if (!missing || result.published || isWithin(one, other) || isWithin(other, one)) throw error;
  const message = `The filesystem has no way to exchange '${one.path}' and '${other.path}' in one step`;
  throw indelibleError('ERR_INDELIBLE_UNSUPPORTED', message, {
    syscall: 'rename',
    path: one.path,
    cause: error,
  });
}

/** As far as the text tells. */
function isWithin(inner: Name, outer: Name): boolean {
  const text = ({ directory, last }: Name) => `${directory.toString('latin1')}/${last.toString('latin1')}/`;
  return text(inner).startsWith(text(outer));
}
