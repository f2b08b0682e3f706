import { isRoot } from '../privileges.js';
import type { Step } from './save-steps.js';
import type { Situation } from './situations.js';

type Expected =
  /** Nothing is published, and nothing left behind unless `litter` says so. */
  { rejects: string; syscall: string; published: boolean } | { resolves: 'durable' | 'ordered' };

/** One fault: which call fails, and what has to become of the save. */
export interface Fault {
  step: Step;
  error: string;
  situation: Situation;
  /** A fault that follows from the first: the first call of one of these names fails as well. */
  also?: { names: string[]; error: string };
  expected: Expected;
  /** The fault keeps the temporary from being removed. */
  litter?: boolean;
  /** The step exists in one engine only. */
  engine?: 'native' | 'portable';
}

const UNLINK = ['?unlink', 'unlinkat'];

/** That fails before the file is published: the old file stays, and the error is this one. */
function fails(step: Step, error: string, syscall: string, rest: Partial<Fault> = {}): Fault {
  return {
    step,
    error,
    situation: 'replaces a file',
    expected: { rejects: error, syscall, published: false },
    ...rest,
  };
}

/** Does no harm. */
function survives(
  step: Step,
  error: string,
  resolves: 'durable' | 'ordered',
  rest: Partial<Fault> = {},
): Fault {
  return { step, error, situation: 'replaces a file', expected: { resolves }, ...rest };
}

const exclusive = { situation: 'creates a file exclusively' } as const;

export const faults: readonly Fault[] = [
  fails('open the directory', 'EIO', 'open'),
  // The native engine waits until descriptors are free.
  fails('open the directory', 'EMFILE', 'open', { engine: 'portable' }),
  fails('look at the target', 'EIO', 'lstat'),
  fails('read the link', 'EIO', 'readlink', { situation: 'replaces a file through a link' }),
  fails('create the temporary', 'EROFS', 'open'),
  fails('create the temporary', 'ENOSPC', 'open'),
  fails('create the temporary', 'EACCES', 'open'),
  fails('write', 'EIO', 'write'),
  fails('write', 'ENOSPC', 'write'),
  fails('write', 'EDQUOT', 'write'),
  fails('write', 'EIO', 'write', { also: { names: UNLINK, error: 'EROFS' }, litter: true }),
  survives('write', 'EINTR', 'durable'),
  // Only root can have a file that belongs to somebody else and keep it so.
  ...(isRoot
    ? [
        fails('set the owner', 'EIO', 'fchown'),
        fails('set the owner', 'EROFS', 'fchown'),
        survives('set the owner', 'EPERM', 'durable'),
      ]
    : []),
  fails('set the mode', 'EIO', 'fchmod'),
  fails('set the mode', 'EPERM', 'fchmod'),
  fails('sync the file', 'EIO', 'fdatasync'),
  fails('sync the file', 'ENOSPC', 'fdatasync'),
  fails('sync the file', 'EDQUOT', 'fdatasync'),
  fails('sync the file', 'EINVAL', 'fdatasync'),
  fails('close the file', 'EIO', 'close'),
  fails('close the file', 'EDQUOT', 'close'),
  fails('rename', 'EIO', 'rename'),
  fails('rename', 'ENOSPC', 'rename'),
  fails('rename', 'EACCES', 'rename'),
  fails('rename', 'EBUSY', 'rename'),
  fails('sync the directory', 'EIO', 'fsync', {
    expected: { rejects: 'EIO', syscall: 'fsync', published: true },
  }),
  fails('sync the directory', 'ENOSPC', 'fsync', {
    expected: { rejects: 'ENOSPC', syscall: 'fsync', published: true },
  }),
  survives('sync the directory', 'EINVAL', 'ordered'),
  survives('sync the directory', 'EOPNOTSUPP', 'ordered'),
  fails('make a directory', 'EIO', 'mkdir', { situation: 'makes directories' }),
  fails('make a directory', 'ENOSPC', 'mkdir', { situation: 'makes directories' }),
  // The native engine syncs all directories together once the file is published, the portable one each as it is made.
  fails('sync the extended directory', 'EIO', 'fsync', {
    situation: 'makes directories',
    engine: 'native',
    expected: { rejects: 'EIO', syscall: 'fsync', published: true },
  }),
  fails('sync the extended directory', 'EIO', 'fsync', {
    situation: 'makes directories',
    engine: 'portable',
  }),
  survives('sync the extended directory', 'EINVAL', 'ordered', { situation: 'makes directories' }),

  fails('link', 'EIO', 'link', { ...exclusive, engine: 'portable' }),
  fails('link', 'ENOSPC', 'link', { ...exclusive, engine: 'portable' }),
  fails('link', 'EEXIST', 'link', { ...exclusive, engine: 'portable' }),
  fails('link', 'EPERM', 'link', {
    ...exclusive,
    engine: 'portable',
    expected: { rejects: 'ERR_INDELIBLE_UNSUPPORTED', syscall: 'link', published: false },
  }),
  fails('unlink the temporary', 'EIO', 'unlink', {
    ...exclusive,
    engine: 'portable',
    litter: true,
    expected: { rejects: 'EIO', syscall: 'unlink', published: true },
  }),

  // By renameat2(RENAME_NOREPLACE), and where the filesystem does not know that (EINVAL), by link and unlink.
  fails('rename', 'EIO', 'rename', { ...exclusive, engine: 'native' }),
  fails('rename', 'EEXIST', 'rename', { ...exclusive, engine: 'native' }),
  survives('rename', 'EINVAL', 'durable', { ...exclusive, engine: 'native' }),
  survives('rename', 'ENOSYS', 'durable', { ...exclusive, engine: 'native' }),
  fails('rename', 'EINVAL', 'rename', {
    ...exclusive,
    engine: 'native',
    also: { names: ['?link', 'linkat'], error: 'EIO' },
    expected: { rejects: 'EIO', syscall: 'link', published: false },
  }),
  fails('rename', 'EINVAL', 'rename', {
    ...exclusive,
    engine: 'native',
    also: { names: ['?link', 'linkat'], error: 'EPERM' },
    expected: { rejects: 'ERR_INDELIBLE_UNSUPPORTED', syscall: 'link', published: false },
  }),
  fails('rename', 'EINVAL', 'rename', {
    ...exclusive,
    engine: 'native',
    also: { names: UNLINK, error: 'EIO' },
    expected: { rejects: 'EIO', syscall: 'unlink', published: true },
  }),
];
