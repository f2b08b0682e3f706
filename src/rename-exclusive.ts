import { constants } from 'node:os';
import type { NativeFailure } from './engine/addon.js';
import { selectEngine } from './engine/select.js';
import { indelibleError } from './errors.js';
import { type Name, nameChangeError, nameOf, unsupportedByFs } from './name-change.js';
import { isDurable, type NameChangeOptions } from './options.js';
import type { PathLike } from './path.js';

/**
 * Renames, of any kind, and fails if anything stands under the new name, a dangling symbolic link included: renameat2(2)
 * with `RENAME_NOREPLACE`. Of many such renames to one name exactly one wins.
 *
 * Guaranteed: whoever looks, at any instant and after any crash, finds the old name or the new one. Once it resolves,
 * the new name survives power loss, as far as the filesystem can sync a directory.
 *
 * Not guaranteed: that the file's content is durable; it is as durable as it was.
 *
 * @throws {SaveError} `EEXIST`; `ENOENT`, `EXDEV`, and the errors of the syncs, with `published: true`.
 *   `ERR_INDELIBLE_UNSUPPORTED` where the filesystem or the engine has no such call; it is never emulated by several
 *   steps.
 * @throws {TypeError} `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE` for wrong arguments.
 */
export async function renameExclusive(
  from: PathLike,
  to: PathLike,
  options?: NameChangeOptions,
): Promise<void> {
  const source = nameOf(from, 'from');
  const target = nameOf(to, 'to');
  const durable = isDurable(options);
  const { addon } = selectEngine();
  if (addon === undefined) throw unsupportedByFs('rename without replacing', source);
  const names = [source.directory, source.last, target.directory, target.last] as const;
  check(await addon.renameExclusive(...names, durable), source, target);
}

/** The same on the calling thread. */
export function renameExclusiveSync(from: PathLike, to: PathLike, options?: NameChangeOptions): void {
  const source = nameOf(from, 'from');
  const target = nameOf(to, 'to');
  const durable = isDurable(options);
  const { addon } = selectEngine();
  if (addon === undefined) throw unsupportedByFs('rename without replacing', source);
  const names = [source.directory, source.last, target.directory, target.last] as const;
  check(addon.renameExclusiveSync(...names, durable), source, target);
}

function check(result: number | NativeFailure, source: Name, target: Name): void {
  if (typeof result === 'number') return;
  const error = nameChangeError(result, source, target);
  const missing = result.errno === constants.errno.EINVAL || result.errno === constants.errno.ENOSYS;
  // rename(2): EINVAL is also what moving a directory into itself gives.
  if (!missing || result.published || `${target.path}/`.startsWith(`${source.path}/`)) throw error;
  const message = `The filesystem has no way to rename to '${target.path}' only if it does not exist`;
  throw indelibleError('ERR_INDELIBLE_UNSUPPORTED', message, {
    syscall: 'rename',
    path: source.path,
    cause: error,
  });
}
