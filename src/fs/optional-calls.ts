import { linkSync } from 'node:fs';
import { failedWith, UNSUPPORTED } from '../base/fs-error.js';

/** A call that the procedures above the backends can do without, or that they refuse with a clear error. */
interface OptionalCall {
  /** The codes that may mean that the call is not available on this system or filesystem. */
  readonly codes: readonly string[];
  /** What is done instead. For documents. */
  readonly instead: string;
}

/**
 * A filter or a security module (seccomp, AppArmor) forbids the call. Both codes may also mean that the process
 * lacks permission for this file; what is done instead then fails as well. On other systems they mean only that.
 */
const FORBIDDEN = process.platform === 'linux' ? ['EPERM', 'EACCES'] : [];

/**
 * The optional calls of everything that is written in TypeScript: of the portable engine, and of the names and
 * updates of both. `native/save/optional_calls.cc` is the table of the native engine's saves. `EIO`, `ENOSPC`,
 * `EDQUOT` and `ENOMEM` are in neither.
 *
 * Nothing is remembered here: a directory's `fsync` that is refused costs no more than to find out on which
 * filesystem it is, and the other calls have nothing in their place.
 */
const OPTIONAL_CALLS = {
  syncDirectory: {
    // Plain `fs` cannot flush a directory on Windows.
    codes: [
      ...UNSUPPORTED,
      ...FORBIDDEN,
      ...(process.platform === 'win32' ? ['EPERM', 'EISDIR', 'EBADF'] : []),
    ],
    instead: "durability is at most 'ordered'",
  },
  syncFilesystem: { codes: UNSUPPORTED, instead: 'each file of the tree is synced' },
  /** link(2): `EPERM` if the filesystem has no hard links. */
  link: {
    codes: ['EPERM', ...UNSUPPORTED],
    instead:
      "`ifExists: 'fail'` and `keepPrevious` of the portable engine: `ERR_INDELIBLE_UNSUPPORTED`; on ext4 " +
      "without a journal durability is 'none'",
  },
  /** symlink(2): `EPERM` if the filesystem has no symbolic links. On Windows the user lacks a privilege. */
  symlink: {
    codes: [...(process.platform === 'win32' ? [] : ['EPERM']), 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'],
    instead: '`ERR_INDELIBLE_UNSUPPORTED`',
  },
  exchange: { codes: UNSUPPORTED, instead: '`ERR_INDELIBLE_UNSUPPORTED`' },
  renameExclusive: { codes: UNSUPPORTED, instead: '`ERR_INDELIBLE_UNSUPPORTED`' },
  /**
   * `EBADF`: the directory cannot be read, so its descriptor takes no locks; or the filesystem (NFS) needs a
   * descriptor that is open for writing for an exclusive lock.
   */
  lock: {
    codes: [...UNSUPPORTED, ...FORBIDDEN, 'ENOLCK', 'EBADF'],
    instead: "`ERR_INDELIBLE_UNSUPPORTED`; with `lock: 'thread'` no other process is kept out",
  },
} as const satisfies Record<string, OptionalCall>;

/** Whether the error of this call may mean that it is not available here, rather than that it has failed. */
export function mayBeUnavailable(call: keyof typeof OPTIONAL_CALLS, error: unknown): boolean {
  return failedWith(error, ...OPTIONAL_CALLS[call].codes) || (call === 'link' && isLinkForbidden(error));
}

/**
 * Tells what follows from the failure of the second link to a version that is to be replaced.
 *
 * @returns whether a crash cannot lose the version all the same: `ENOENT`, it is gone; `EMLINK`, it has enough
 *   links; `EXDEV`, something is mounted there, and the rename will fail. `false`: it may not be linked.
 *   `EPERM` also means another user's file, with `fs.protected_hardlinks` (proc(5)), or a directory that has
 *   taken its place.
 * @throws any other failure.
 */
export function isSafeWithoutPin(error: unknown): boolean {
  if (failedWith(error, 'ENOENT', 'EMLINK', 'EXDEV')) return true;
  if (failedWith(error, ...FORBIDDEN) || mayBeUnavailable('link', error)) return false;
  throw error;
}

/** Whether a link without a path, which reaches no filesystem, fails with this error as well. */
function isLinkForbidden(error: unknown): boolean {
  if (!failedWith(error, ...FORBIDDEN)) return false;
  try {
    linkSync('', '');
    return false;
  } catch (withoutPath) {
    return failedWith(withoutPath, ...FORBIDDEN);
  }
}
