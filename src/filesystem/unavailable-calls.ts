import type { Plan, Plans } from './decision.js';
import type { Support } from './support.js';

/** A system call that saves can do without (`native/save/optional_calls.cc`). */
export type UnavailableCall =
  | 'open(O_TMPFILE)'
  | 'linkat(/proc/self/fd)'
  | 'sync_file_range'
  | 'renameat2(RENAME_NOREPLACE)'
  | 'renameat2(RENAME_EXCHANGE)'
  | 'linkat'
  | 'ioctl(FS_IOC_FSGETXATTR)'
  | 'syncfs'
  | 'fsync of a directory'
  | 'ioctl(FICLONE)'
  | 'copy_file_range';

/** The calls whose absence changes a plan. */
const UNNAMED: readonly UnavailableCall[] = ['open(O_TMPFILE)', 'linkat(/proc/self/fd)'];
const PLANNED: readonly UnavailableCall[] = [...UNNAMED, 'sync_file_range', 'fsync of a directory'];

/** The plans of the native engine without these calls, as `RemoveUnavailable` of the addon makes them. */
export function plansWithout(calls: readonly UnavailableCall[], plans: Plans): Plans {
  return {
    durable: planWithout(calls, plans.durable),
    ordered: planWithout(calls, plans.ordered),
    none: planWithout(calls, plans.none),
  };
}

function planWithout(calls: readonly UnavailableCall[], plan: Plan): Plan {
  const { protocol, achieves, temporary } = plan;
  return {
    ...plan,
    protocol:
      protocol === 'single-commit' && calls.includes('sync_file_range') ? 'sync-rename-sync' : protocol,
    achieves: achieves === 'durable' && calls.includes('fsync of a directory') ? 'ordered' : achieves,
    temporary: calls.some((call) => UNNAMED.includes(call)) ? 'named' : temporary,
  };
}

/** Why the plans are others than the filesystem allows; `undefined` if they are not. */
export function reasonWithout(calls: readonly UnavailableCall[]): string | undefined {
  const planned = calls.filter((call) => PLANNED.includes(call));
  if (planned.length === 0) return undefined;
  return `Missing or forbidden here: ${planned.join(', ')}. Without that`;
}

export function supportWithout(calls: readonly UnavailableCall[], support: Support): Support {
  const lacks = (...needed: UnavailableCall[]) => needed.some((call) => calls.includes(call));
  return {
    ...support,
    ...(lacks(...UNNAMED) && { unnamedTemporaries: false }),
    ...(lacks('renameat2(RENAME_NOREPLACE)') && { noReplace: false }),
    ...(lacks('renameat2(RENAME_EXCHANGE)') && { exchange: false }),
    ...(lacks('fsync of a directory') && { directorySync: false }),
  };
}
