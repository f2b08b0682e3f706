import type { Engine } from '../engine/engine.js';
import type { Plans } from './decision.js';
import type { Support } from './support.js';

// What is known of a filesystem by its system alone, where no `/proc` tells more.

/** Why saves go about it as they do; `undefined` on Linux, where every filesystem has a reason of its own. */
export function reasonElsewhere(platform: NodeJS.Platform): string | undefined {
  switch (platform) {
    case 'linux':
      return undefined;
    case 'darwin':
      return (
        'macOS: the file is synced with a barrier (F_BARRIERFSYNC) before the rename, and the sync of the directory ' +
        "flushes the disk's cache behind both (F_FULLFSYNC)."
      );
    case 'win32':
      return (
        'Windows: the file is flushed (FlushFileBuffers) before the rename, which is written through, and the ' +
        'directory after it, where its filesystem can.'
      );
    default:
      return `a filesystem of ${platform}: the file is synced before the rename, and the directory after it.`;
  }
}

/** What is left of the plans with an engine that has nothing but plain `fs`, and why; `undefined` if all. */
export function limitOfPlainFs(
  platform: NodeJS.Platform,
  engine: Engine['name'],
  plans: Plans,
): { plans: Plans; reason: string } | undefined {
  if (platform !== 'win32' || engine !== 'portable') return undefined;
  return {
    plans: { ...plans, durable: { ...plans.durable, achieves: 'ordered' } },
    reason: 'Plain fs cannot flush a directory on Windows, so no new name is known to be durable',
  };
}

/** What works on every filesystem of a system, or on none; `undefined` where the system says nothing. */
export function supportElsewhere(platform: NodeJS.Platform): Support | undefined {
  const unknown = {
    unnamedTemporaries: false,
    noReplace: 'unknown',
    exchange: 'unknown',
    directorySync: 'unknown',
    extendedAttributes: 'unknown',
  } as const;
  if (platform === 'darwin') return unknown;
  if (platform === 'win32')
    return { ...unknown, noReplace: true, exchange: false, extendedAttributes: false };
  return undefined;
}
