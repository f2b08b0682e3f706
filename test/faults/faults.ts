import { isRoot } from '../machine.js';
import type { Step } from './save-steps.js';
import type { Form } from './saver.js';
import type { Situation } from './situations.js';
import type { Subject } from './subjects.js';

type Expected =
  | {
      rejects: string;
      /** Default: the call that failed. */
      syscall?: string;
      published: boolean;
    }
  | { resolves: 'durable' | 'less than durable' };

/** One fault: the call that fails, and the required outcome of the save. */
export interface Fault {
  step: Step;
  error: string;
  situation: Situation;
  /** A second fault after the first: the first call of one of these names fails as well. */
  also?: { names: string[]; error: string };
  expected: Expected;
  /** The subjects whose save makes this step. Default: all. */
  of?: readonly Subject['name'][];
  /** The calls that it is tried with. Default: all. */
  forms?: readonly Form[];
}

const LINK = ['?link', 'linkat'];
const UNLINK = ['?unlink', 'unlinkat'];

/** A test title: the required outcome, and the call that fails. */
export function titleOf({
  step,
  error,
  also,
  expected,
}: Pick<Fault, 'step' | 'error' | 'also' | 'expected'>) {
  const second = also === undefined ? '' : ` and ${also.names.at(-1)} with ${also.error}`;
  return `${outcomeOf(expected)} when the call to ${step} fails with ${error}${second}`;
}

function outcomeOf(expected: Expected): string {
  if ('resolves' in expected) {
    return expected.resolves === 'durable' ? 'is durable nevertheless' : 'resolves but is not called durable';
  }
  return expected.published ? 'rejects with published: true' : 'rejects and publishes nothing';
}

/** The save rejects with this error. By default it has published nothing. */
function fails(step: Step, error: string, rest: Partial<Fault> = {}): Fault {
  return {
    step,
    error,
    situation: 'replaces a file',
    expected: { rejects: error, published: false },
    ...rest,
  };
}

/** The save resolves in spite of the fault. */
function survives(
  step: Step,
  error: string,
  resolves: 'durable' | 'less than durable',
  rest: Partial<Fault> = {},
): Fault {
  return { step, error, situation: 'replaces a file', expected: { resolves }, ...rest };
}

/** Nothing is published, and the error names this call. */
function rejectsAs(rejects: string, syscall: string): Expected {
  return { rejects, syscall, published: false };
}

const exclusive = { situation: 'creates a file exclusively' } as const;
const making = { situation: 'makes directories' } as const;
const native = { of: ['native', 'native, single commit'] } as const;
const singleCommit = { of: ['native, single commit'] } as const;
const attributes = { ...native, situation: 'replaces a file with attributes' } as const;

export const faults: readonly Fault[] = [
  fails('open the directory', 'EIO'),
  // A save waits until descriptors are free; in the portable engine only one that need not block the thread.
  fails('open the directory', 'EMFILE', {
    of: ['portable'],
    forms: ['saveSync', 'saveChunks', 'saveChunksSync'],
  }),
  survives('open the directory', 'EMFILE', 'durable', { of: ['portable'], forms: ['save'] }),
  fails('look at the target', 'EIO'),
  fails('read the link', 'EIO', { situation: 'replaces a file through a link' }),
  fails('create the temporary', 'EROFS'),
  fails('create the temporary', 'ENOSPC'),
  fails('create the temporary', 'EACCES', { of: ['native', 'portable'] }),
  // A single commit makes it without a name, which is an optional call (optional-calls.test.ts).
  survives('create the temporary', 'EACCES', 'durable', singleCommit),
  survives('create the temporary', 'EOPNOTSUPP', 'durable', singleCommit),
  fails('list the attributes', 'EIO', { ...attributes, expected: rejectsAs('EIO', 'listxattr') }),
  fails('list the attributes', 'E2BIG', { ...attributes, expected: rejectsAs('E2BIG', 'listxattr') }),
  fails('read an attribute', 'EIO', { ...attributes, expected: rejectsAs('EIO', 'getxattr') }),
  fails('set an attribute', 'ENOSPC', { ...attributes, expected: rejectsAs('ENOSPC', 'setxattr') }),
  fails('set an attribute', 'E2BIG', { ...attributes, expected: rejectsAs('E2BIG', 'setxattr') }),
  fails('remove the default ACL', 'EIO', { ...attributes, expected: rejectsAs('EIO', 'removexattr') }),
  fails('set the file flags', 'EDQUOT', attributes),
  survives('list the attributes', 'EACCES', 'durable', attributes),
  survives('list the attributes', 'EOPNOTSUPP', 'durable', attributes),
  survives('read an attribute', 'EPERM', 'durable', attributes),
  survives('read an attribute', 'ENODATA', 'durable', attributes),
  survives('set an attribute', 'EPERM', 'durable', attributes),
  survives('set an attribute', 'EOPNOTSUPP', 'durable', attributes),
  survives('remove the default ACL', 'EOPNOTSUPP', 'durable', attributes),
  survives('set the file flags', 'EPERM', 'durable', attributes),
  fails('write', 'EIO'),
  fails('write', 'ENOSPC'),
  fails('write', 'EDQUOT'),
  fails('write', 'EIO', { also: { names: UNLINK, error: 'EROFS' }, of: ['native', 'portable'] }),
  survives('write', 'EINTR', 'durable'),
  // Only root can keep another user as the owner of a file.
  ...(isRoot
    ? [
        fails('set the owner', 'EIO'),
        fails('set the owner', 'EROFS'),
        survives('set the owner', 'EPERM', 'durable'),
        survives('set the owner', 'EINVAL', 'durable'),
      ]
    : []),
  fails('set the mode', 'EIO'),
  // The file has less than the rights to be kept.
  survives('set the mode', 'EPERM', 'durable'),
  fails('sync the file', 'EIO'),
  fails('sync the file', 'ENOSPC'),
  fails('sync the file', 'EDQUOT'),
  fails('sync the file', 'EINVAL', { of: ['native', 'portable'] }),
  // The write-back of a single commit is an optional call.
  survives('sync the file', 'EINVAL', 'durable', singleCommit),
  survives('sync the file', 'EPERM', 'durable', singleCommit),
  // The native engine closes it only where that can fail (close.test.ts).
  fails('close the file', 'EIO', { of: ['portable'] }),
  fails('close the file', 'EDQUOT', { of: ['portable'] }),
  fails('link', 'EIO', { of: ['native, single commit'] }),
  fails('rename', 'EIO'),
  fails('rename', 'ENOSPC'),
  fails('rename', 'EACCES'),
  fails('rename', 'EBUSY'),
  fails('sync the directory', 'EIO', { expected: { rejects: 'EIO', published: true } }),
  fails('sync the directory', 'ENOSPC', { expected: { rejects: 'ENOSPC', published: true } }),
  survives('sync the directory', 'EINVAL', 'less than durable'),
  survives('sync the directory', 'EOPNOTSUPP', 'less than durable'),
  survives('sync the directory', 'EPERM', 'less than durable'),
  fails('make a directory', 'EIO', making),
  fails('make a directory', 'ENOSPC', making),
  // The native engine syncs all directories together after the file is published. The portable engine syncs
  // each one when it is made.
  fails('sync the parent directory', 'EIO', {
    ...making,
    ...native,
    expected: { rejects: 'EIO', published: true },
  }),
  fails('sync the parent directory', 'EIO', { ...making, of: ['portable'] }),
  survives('sync the parent directory', 'EINVAL', 'less than durable', making),

  // Exclusive saves by link and unlink.
  fails('link', 'EIO', { ...exclusive, of: ['portable', 'native, single commit'] }),
  fails('link', 'ENOSPC', { ...exclusive, of: ['portable', 'native, single commit'] }),
  fails('link', 'EEXIST', { ...exclusive, of: ['portable', 'native, single commit'] }),
  fails('link', 'EPERM', {
    ...exclusive,
    of: ['portable'],
    expected: { rejects: 'ERR_INDELIBLE_UNSUPPORTED', published: false },
  }),
  fails('unlink the temporary', 'EIO', {
    ...exclusive,
    of: ['portable'],
    expected: { rejects: 'EIO', published: true },
  }),

  // Exclusive saves by renameat2(RENAME_NOREPLACE). By link and unlink if the filesystem does not support the
  // flag (EINVAL).
  fails('rename', 'EIO', { ...exclusive, of: ['native'] }),
  fails('rename', 'EEXIST', { ...exclusive, of: ['native'] }),
  survives('rename', 'EINVAL', 'durable', { ...exclusive, of: ['native'] }),
  survives('rename', 'ENOSYS', 'durable', { ...exclusive, of: ['native'] }),
  survives('rename', 'EPERM', 'durable', { ...exclusive, of: ['native'] }),
  fails('rename', 'EINVAL', {
    ...exclusive,
    of: ['native'],
    also: { names: LINK, error: 'EIO' },
    expected: { rejects: 'EIO', syscall: 'link', published: false },
  }),
  fails('rename', 'EINVAL', {
    ...exclusive,
    of: ['native'],
    also: { names: LINK, error: 'EPERM' },
    expected: { rejects: 'ERR_INDELIBLE_UNSUPPORTED', syscall: 'link', published: false },
  }),
  fails('rename', 'EINVAL', {
    ...exclusive,
    of: ['native'],
    also: { names: UNLINK, error: 'EIO' },
    expected: { rejects: 'EIO', syscall: 'unlink', published: true },
  }),
];
