import { toSaveError } from '../base/fs-error.js';
import { absolutePath, type PathLike } from '../base/path.js';
import { bytesOfPath } from '../base/path-bytes.js';
import { selectEngine } from '../engine/select.js';
import { type Filesystem, type InspectedPath, inspectFilesystem } from '../filesystem/filesystem.js';
import { thisMachine } from '../filesystem/machine.js';
import { findInspectedPath } from '../fs/plain/inspected-path.js';
import { run, runSync, type Steps } from '../fs/steps.js';

/**
 * Describes the storage of a path: mount, filesystem, device, supported features, the update protocol that
 * `save` uses and the reason for it, and what `save` cannot guarantee. If the path does not exist yet, the
 * nearest existing parent is inspected.
 *
 * It only reads: nothing is written, and no permission on the file is needed. It reports what the kernel
 * reports. It cannot check whether a disk keeps the data that it has confirmed.
 *
 * @throws {SaveError} if the path cannot be followed: `EACCES`, `ENOTDIR`, `ELOOP`. `EACCES` also
 *   for a link that a save would not follow.
 * @throws {TypeError} `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE` for a wrong path.
 * @category inspect
 */
export async function inspect(path: PathLike): Promise<Filesystem> {
  return describe(await run(inspectedPath(path)));
}

/**
 * The same on the calling thread. A file server that does not answer blocks the thread.
 *
 * @category inspect
 */
export function inspectSync(path: PathLike): Filesystem {
  return describe(runSync(inspectedPath(path)));
}

function describe(location: InspectedPath): Filesystem {
  const { engine, addon } = selectEngine();
  const { major, minor, mountId = 0 } = location;
  const unavailable = addon?.unavailableCalls(major, minor, mountId) ?? [];
  return inspectFilesystem(location, engine.name, thisMachine, unavailable);
}

function* inspectedPath(path: PathLike): Steps<InspectedPath> {
  const absolute = absolutePath(path, 'path');
  try {
    return yield* findInspectedPath(bytesOfPath(absolute));
  } catch (error) {
    throw toSaveError(error, { path: absolute });
  }
}
