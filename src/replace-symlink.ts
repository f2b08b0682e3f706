import { lstat, rename, symlink, unlink } from './engine/portable/calls.js';
import { Directory } from './engine/portable/directory.js';
import { failedWith, failure, refusal } from './engine/portable/failure.js';
import { bytesOfPath, inDirectory } from './engine/portable/path-bytes.js';
import { run, runSync, type Steps, step } from './engine/portable/steps.js';
import { temporaryName } from './engine/portable/temporary-name.js';
import { selectEngine } from './engine/select.js';
import { invalidArgumentType, invalidArgumentValue } from './errors.js';
import { nameChangeError, nameOf } from './name-change.js';
import { isDurable, type NameChangeOptions } from './options.js';
import type { PathLike } from './path.js';

/**
 * Points a symbolic link at another target, or makes it, in one step: a new link under a temporary name is renamed over
 * the old one.
 *
 * Guaranteed: whoever follows the path, at any instant and after any crash, comes to the old target or the new one. Once
 * it resolves, the new one survives power loss, as far as the filesystem can sync a directory.
 *
 * Not guaranteed: anything about the target, which need not exist. What is no symbolic link is not replaced (`EEXIST`);
 * but a file that another program puts there between the look and the rename is.
 *
 * @param target the link's text, as it is: a relative one counts from the link's directory.
 * @throws {SaveError} the failed call's error, in Node's form, with `published`.
 * @throws {TypeError} `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE` for wrong arguments.
 */
export async function replaceSymlink(
  target: string | Buffer,
  path: PathLike,
  options?: NameChangeOptions,
): Promise<void> {
  await run(replace(target, path, options));
}

/** The same on the calling thread. */
export function replaceSymlinkSync(
  target: string | Buffer,
  path: PathLike,
  options?: NameChangeOptions,
): void {
  runSync(replace(target, path, options));
}

function* replace(
  target: string | Buffer,
  path: PathLike,
  options: NameChangeOptions | undefined,
): Steps<void> {
  const text = linkText(target);
  const name = nameOf(path, 'path');
  const durable = isDurable(options);
  const temporary = temporaryName();
  const { addon } = selectEngine();
  if (addon === undefined) return yield* replaceByFs(text, bytesOfPath(name.path), name.directory, durable);
  const link = [text, name.directory, name.last, temporary, durable] as const;
  const result = yield* step(
    () => addon.replaceSymlinkSync(...link),
    () => addon.replaceSymlink(...link),
  );
  if (typeof result !== 'number') throw nameChangeError(result, name);
}

function* replaceByFs(text: Buffer, path: Buffer, directory: Buffer, durable: boolean): Steps<void> {
  const temporary = inDirectory(directory, temporaryName());
  let published = false;
  let opened: Directory | undefined;
  try {
    opened = yield* Directory.open(directory);
    if ((yield* kindOf(path)) === 'other') throw refusal('EEXIST', 'symlink', path);
    yield* symlink(text, temporary);
    try {
      yield* rename(temporary, path);
    } catch (error) {
      yield* removeQuietly(temporary);
      throw error;
    }
    published = true;
    if (durable) yield* opened.sync();
  } catch (error) {
    throw failure(error, { path, published });
  } finally {
    if (opened !== undefined) yield* opened.close();
  }
}

function* kindOf(path: Buffer): Steps<'symlink' | 'missing' | 'other'> {
  try {
    return (yield* lstat(path)).isSymbolicLink() ? 'symlink' : 'other';
  } catch (error) {
    if (failedWith(error, 'ENOENT')) return 'missing';
    throw error;
  }
}

/** The first error counts; what cannot be removed is left to the sweep. */
function* removeQuietly(temporary: Buffer): Steps<void> {
  try {
    yield* unlink(temporary);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
  }
}

function linkText(target: string | Buffer): Buffer {
  if (typeof target !== 'string' && !Buffer.isBuffer(target)) {
    throw invalidArgumentType('target', 'of type string or an instance of Buffer', target);
  }
  const text = Buffer.from(target);
  if (text.includes(0)) throw invalidArgumentValue('target', 'a path without null bytes', target);
  return text;
}
