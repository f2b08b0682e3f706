import { constants } from 'node:os';
import type { Addon, AddonCallForms, AddonCalls } from '../addon/addon.js';
import { hintOf, targetError } from '../addon/native-error.js';
import { choiceOf, providePlans } from '../addon/plan-provider.js';
import { type Failure, needsPlans, WIRE } from '../addon/wire.js';
import { systemError } from '../base/errors.js';
import { mountPointError } from '../base/fs-error.js';
import type { Durability } from '../base/options.js';
import type { AbsolutePath } from '../base/path.js';
import { inDirectory } from '../base/path-bytes.js';
import { SYNC_RENAME_SYNC } from '../filesystem/decision.js';
import type {
  Entry,
  FileIdentity,
  FileSystemCalls,
  FilesystemPlan,
  ListedEntry,
  LocatedTarget,
  LockCalls,
  OpenDirectory,
  OpenFile,
  OpenResource,
  OpenTemporary,
  ReadRequest,
  Sharing,
} from './file-system-calls.js';
import { type Steps, step } from './steps.js';

/** A mount table may keep changing. After this number of requests the default plan is used. */
const MAX_PLAN_REQUESTS = 5;

/** The largest file that fits into one buffer in every supported runtime. */
const MAX_FILE_SIZE = 2 ** 31 - 1;

/** The number of bytes that are read when a file is opened. For small files that saves a second call. */
const READ_AHEAD = 65_536;

/** The number of bytes that one call reads, at most 1 MiB. */
const CHUNK_SIZE = 1_048_576;

/** The number of bytes by which the buffer grows if the file is longer than its reported size. */
const GROWTH = 65_536;

const ALL_ENTRIES = 0xffff_ffff;

/** The backend on the addon. Each asynchronous call has to wait for a thread, so one call does much. */
export class NativeCalls implements FileSystemCalls {
  readonly name = 'native';
  readonly #addon: Addon;
  readonly locks: LockCalls;

  constructor(addon: Addon) {
    this.#addon = addon;
    const call = this.#call.bind(this);
    const answerOf = this.#answerOf.bind(this);
    this.locks = {
      *openLockFile({ handle, path }, name) {
        const answer = yield* answerOf('openLockFile', handle, name);
        if (isFailure(answer)) throw failedCall(answer, answer.path ?? path);
        return answer;
      },
      isLockFile: ({ handle }, name, lockFile) => call('isLockFile', handle, name, lockFile.handle),
      drawTicket: ({ handle }, { low, high }, end) => call('drawLockTicket', handle, low, high, end),
      ahead: ({ handle }, begin, ticket) => call('ticketAhead', handle, begin, ticket),
      *remove({ handle }, ticket) {
        yield* call('removeLock', handle, ticket);
      },
    };
  }

  openDirectory(path: Buffer): Steps<OpenDirectory> {
    return this.#call('openDirectory', path);
  }

  *openSubdirectory({ handle, path }: OpenDirectory, name: Buffer): Steps<OpenDirectory> {
    const opened = yield* this.#call('openDirectoryAt', handle, name, false);
    return { ...opened, path: inDirectory(path, name) };
  }

  /** Synchronous in both forms: closing a directory never blocks. */
  // biome-ignore lint/correctness/useYield: as above.
  *close({ handle }: OpenDirectory): Steps<void> {
    this.#addon.closeHandleSync(handle);
  }

  *closeAll(opened: readonly OpenResource[]): Steps<void> {
    if (opened.length > 0) yield* this.#call('closeHandle', ...opened.map(({ handle }) => handle));
  }

  ancestors({ handle }: OpenDirectory): Steps<readonly FileIdentity[]> {
    return this.#call('ancestors', handle);
  }

  realPath({ handle }: OpenDirectory): Steps<Buffer> {
    return this.#call('realPath', handle);
  }

  mountPoints(): Steps<readonly Buffer[]> {
    return this.#call('mountPoints');
  }

  // biome-ignore lint/correctness/useYield: a decision reads only files that never wait for a disk.
  *planFor(
    { handle }: OpenDirectory,
    durability: Durability,
    forced?: 'sync-rename-sync',
  ): Steps<FilesystemPlan> {
    const choice = choiceOf(durability, forced);
    for (let requests = 0; requests < MAX_PLAN_REQUESTS; requests += 1) {
      const answer = this.#addon.findPlan(handle, choice);
      if (needsPlans(answer)) {
        providePlans(this.#addon, answer);
        continue;
      }
      const { protocol, achieves, unnamed, pinsReplaced, local, syncfs } = answer;
      const temporary = unnamed ? 'unnamed' : 'named';
      const replaced = pinsReplaced ? 'held' : 'released';
      return { protocol, achieves, temporary, replaced, local, syncfs, syncsFileAgain: false };
    }
    return { ...SYNC_RENAME_SYNC[durability], local: false, syncfs: false, syncsFileAgain: false };
  }

  *sharing(directory: OpenDirectory): Steps<Sharing> {
    let found = this.#addon.findUpdateLock(directory.handle);
    if (found === undefined) {
      yield* this.planFor(directory, 'none');
      found = this.#addon.findUpdateLock(directory.handle);
    }
    const updateLock = found === undefined ? undefined : WIRE.updateLocks[found >> 1];
    return { local: found !== undefined && (found & 1) === 1, updateLock: updateLock ?? 'machine' };
  }

  *locate(path: AbsolutePath, makeDirectories: boolean): Steps<LocatedTarget> {
    const answer = yield* step(
      () => this.#addon.locateTargetSync(path, makeDirectories),
      () => this.#addon.locateTarget(path, makeDirectories),
    );
    if (isFailure(answer)) throw targetError(path, answer);
    return answer;
  }

  *openFile({ handle: directory }: OpenDirectory, name: Buffer, request: ReadRequest): Steps<OpenFile> {
    const { path, anyOwner, asksServer = false } = request;
    const answer = yield* this.#answerOf('openFile', directory, name, READ_AHEAD, anyOwner, asksServer);
    if (isFailure(answer)) throw targetError(path, answer);
    const { handle, size, content } = answer;
    return { handle, size, content, version: handle };
  }

  *readAll({ handle, size, content }: OpenFile): Steps<Buffer> {
    // Less than was asked for is all of it.
    if (content.length < Math.min(size + 1, READ_AHEAD)) return content;
    refuseTooLarge(size);
    let all = Buffer.allocUnsafeSlow(Math.max(size, content.length));
    let length = content.copy(all);
    for (;;) {
      const chunk = yield* this.#call('readFile', handle, CHUNK_SIZE);
      if (chunk.length === 0) return all.subarray(0, length);
      refuseTooLarge(length + chunk.length);
      // The file is longer than its reported size.
      if (length + chunk.length > all.length) all = Buffer.concat([all], length + chunk.length + GROWTH);
      length += chunk.copy(all, length);
    }
  }

  *createTemporary(
    { handle: directory }: OpenDirectory,
    { temporary, local }: FilesystemPlan,
  ): Steps<OpenTemporary> {
    const unnamed = temporary === 'unnamed';
    const created = yield* this.#call('createTemporary', directory, unnamed, local);
    return { handle: created.handle, fd: created.fd, unnamed: created.name === undefined };
  }

  copyToTemporary(file: OpenFile, temporary: OpenTemporary, offset: number): Steps<number> {
    return this.#call('copyToTemporary', file.handle, temporary.handle, offset);
  }

  lookUp({ handle }: OpenDirectory, name: Buffer): Steps<Entry> {
    return this.#call('lookUp', handle, name);
  }

  list({ handle }: OpenDirectory, prefix = '', most = ALL_ENTRIES): Steps<readonly ListedEntry[]> {
    return this.#call('listDirectory', handle, prefix, most);
  }

  *rename(fromDirectory: OpenDirectory, from: Buffer, toDirectory: OpenDirectory, to: Buffer): Steps<void> {
    yield* this.#call('rename', fromDirectory.handle, from, toDirectory.handle, to);
  }

  *renameExclusive(
    fromDirectory: OpenDirectory,
    from: Buffer,
    toDirectory: OpenDirectory,
    to: Buffer,
  ): Steps<void> {
    yield* this.#call('renameExclusive', fromDirectory.handle, from, toDirectory.handle, to);
  }

  *exchange(
    oneDirectory: OpenDirectory,
    one: Buffer,
    otherDirectory: OpenDirectory,
    other: Buffer,
  ): Steps<void> {
    yield* this.#call('exchange', oneDirectory.handle, one, otherDirectory.handle, other);
  }

  *link(fromDirectory: OpenDirectory, from: Buffer, toDirectory: OpenDirectory, to: Buffer): Steps<void> {
    yield* this.#call('link', fromDirectory.handle, from, toDirectory.handle, to);
  }

  *symlink(text: Buffer, { handle }: OpenDirectory, name: Buffer): Steps<void> {
    yield* this.#call('symlink', text, handle, name);
  }

  *unlink({ handle }: OpenDirectory, name: Buffer): Steps<void> {
    yield* this.#call('unlink', handle, name);
  }

  *unlinkAll(directory: OpenDirectory, names: readonly Buffer[]): Steps<void> {
    yield* this.#onNames('unlinkAll', directory, names);
  }

  *makeDirectory({ handle }: OpenDirectory, name: Buffer, mode: number): Steps<void> {
    yield* this.#call('makeDirectory', handle, name, mode);
  }

  *removeDirectory({ handle }: OpenDirectory, name: Buffer): Steps<void> {
    yield* this.#call('removeDirectory', handle, name);
  }

  *syncDirectory({ handle, syncable }: OpenDirectory): Steps<boolean> {
    return syncable && (yield* this.#call('syncDirectoryAt', handle));
  }

  *syncFiles(directory: OpenDirectory, names: readonly Buffer[]): Steps<boolean> {
    return yield* this.#onNames('syncFiles', directory, names);
  }

  *syncFilesystem({ handle }: OpenDirectory): Steps<void> {
    yield* this.#call('syncFilesystem', handle);
  }

  removeUnlessOpen({ handle }: OpenDirectory, name: Buffer): Steps<'removed' | 'open' | 'unknown'> {
    return this.#call('removeUnlessOpen', handle, name);
  }

  /** The error's `path` tells which of the names failed. */
  *#onNames<Call extends 'unlinkAll' | 'syncFiles'>(
    call: Call,
    { handle, path }: OpenDirectory,
    names: readonly Buffer[],
  ): Steps<ReturnType<AddonCalls[Call]>> {
    const answer = yield* this.#answerOf<'unlinkAll' | 'syncFiles'>(call, handle, names);
    if (!isFailure(answer)) return answer as ReturnType<AddonCalls[Call]>;
    throw failedCall(answer, answer.path && inDirectory(path, answer.path));
  }

  *#call<Call extends keyof AddonCalls>(
    call: Call,
    ...args: Parameters<AddonCalls[Call]>
  ): Steps<ReturnType<AddonCalls[Call]>> {
    const answer = yield* this.#answerOf(call, ...args);
    if (isFailure(answer)) throw failedCall(answer);
    return answer;
  }

  #answerOf<Call extends keyof AddonCalls>(
    call: Call,
    ...args: Parameters<AddonCalls[Call]>
  ): Steps<ReturnType<AddonCalls[Call]> | Failure> {
    // TypeScript cannot infer that the arguments match the name of the call.
    type Synchronous = (...args: unknown[]) => ReturnType<AddonCalls[Call]> | Failure;
    type Asynchronous = (...args: unknown[]) => Promise<ReturnType<AddonCalls[Call]> | Failure>;
    const forms: AddonCallForms = this.#addon;
    return step(
      () => (forms[`${call}Sync`] as Synchronous)(...args),
      () => (forms[call] as Asynchronous)(...args),
    );
  }
}

function refuseTooLarge(size: number): void {
  if (size > MAX_FILE_SIZE) throw systemError({ errno: constants.errno.EFBIG, syscall: 'read' });
}

function isFailure(answer: unknown): answer is Failure {
  return typeof answer === 'object' && answer !== null && 'reason' in answer;
}

/** An error in the form of Node's `fs`. For most calls, the caller adds the paths. */
function failedCall(failure: Failure, path?: Buffer): Error {
  const { reason, errno, syscall } = failure;
  const hint = hintOf(failure);
  if (reason === 'mount-point' && path !== undefined) return mountPointError(syscall, path);
  const {
    message,
    code,
    errno: number,
  } = systemError({ errno, syscall, ...(path !== undefined && { path }) });
  return Object.assign(new Error(message), {
    ...{ code, errno: number, syscall },
    ...(path !== undefined && { path: path.toString() }),
    ...(hint !== undefined && { hint }),
  });
}
