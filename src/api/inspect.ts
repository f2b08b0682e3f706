import { absolutePath, type PathLike } from '../base/path.js';
import { bytesOfPath } from '../base/path-bytes.js';
import { selectEngine } from '../engine/select.js';
import { type Filesystem, inspectFilesystem } from '../filesystem/filesystem.js';
import { thisMachine } from '../filesystem/machine.js';
import { findInspectedPath } from '../fs/plain/inspected-path.js';
import { run, runSync } from '../fs/steps.js';

/**
 * Tells what lies under a path: mount, filesystem, device, what works there, the update protocol that `save` uses
 * and why, and what it cannot promise. Of a path that does not exist yet, it inspects the nearest parent that does.
 *
 * It only looks: nothing is written, and no right to the file is needed. It says what the kernel says; that a disk
 * keeps what it has confirmed, it cannot check.
 *
 * @throws {NodeJS.ErrnoException} where the path cannot be followed: `EACCES`, `ENOTDIR`, `ELOOP`.
 * @throws {TypeError} `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE` for a wrong path.
 */
export async function inspect(path: PathLike): Promise<Filesystem> {
  const place = await run(findInspectedPath(bytesOfPath(absolutePath(path, 'path'))));
  return inspectFilesystem(place, selectEngine().engine.name, thisMachine);
}

/** The same on the calling thread, which a file server that does not answer holds up. */
export function inspectSync(path: PathLike): Filesystem {
  const place = runSync(findInspectedPath(bytesOfPath(absolutePath(path, 'path'))));
  return inspectFilesystem(place, selectEngine().engine.name, thisMachine);
}
