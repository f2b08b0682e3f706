import { isFuse, isOnNetwork } from './filesystem-types.js';
import type { Machine } from './machine.js';
import { findMountByPath, type Mount } from './mounts.js';

/**
 * The mount on which an overlay keeps its changes. `undefined` where it cannot be seen: the path in the overlay's
 * options is one of the mount namespace that made it, for a container usually the host's.
 */
export function findUpperMount(
  machine: Machine,
  overlay: Mount,
  mounts: readonly Mount[],
): Mount | undefined {
  const directory = overlay.superOptions
    .find((option) => option.startsWith('upperdir='))
    ?.slice('upperdir='.length);
  if (directory === undefined) return undefined;
  const mount = findMountByPath(mounts, directory);
  if (mount === undefined || mount === overlay) return undefined;
  // Another namespace's path may lead to a server here, which looking would wait for.
  if (isOnNetwork(mount.type) || isFuse(mount.type)) return undefined;
  return machine.isDirectory(directory) ? mount : undefined;
}
