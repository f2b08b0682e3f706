import type { NativeFailure } from './engine/addon.js';
import { bytesOfPath, lastComponent, parentOf } from './engine/portable/path-bytes.js';
import { indelibleError, type SaveError, systemError } from './errors.js';
import { type AbsolutePath, absolutePath, type PathLike } from './path.js';

/** A path, cut into the directory that has the name and the name itself. */
export interface Name {
  path: AbsolutePath;
  directory: Buffer;
  last: Buffer;
}

/** @throws {TypeError} `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE` for a wrong path. */
export function nameOf(path: PathLike, argument: string): Name {
  const absolute = absolutePath(path, argument);
  const bytes = bytesOfPath(absolute);
  return { path: absolute, directory: parentOf(bytes), last: lastComponent(bytes) };
}

/** What plain `fs` cannot do in one step, and therefore not at all. */
export function unsupportedByFs(call: string, { path }: Name): SaveError {
  const message = `Plain fs has no atomic ${call}: '${path}' needs the native engine`;
  return indelibleError('ERR_INDELIBLE_UNSUPPORTED', message, { syscall: 'rename', path });
}

/** The error of a native call about two names. */
export function nameChangeError(failure: NativeFailure, { path }: Name, dest?: Name): SaveError {
  // A failed open or sync is about one directory, which the failure names.
  const where =
    failure.path === undefined ? { path, ...(dest && { dest: dest.path }) } : { path: failure.path };
  return systemError({ ...failure, ...where });
}
