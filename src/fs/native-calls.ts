import type { Addon, NativeCalls as Entries, NativeCallForms, NativeFailure } from '../engine/addon.js';
import { inDirectory } from '../engine/portable/path-bytes.js';
import { systemError } from '../errors.js';
import type { Decision } from '../filesystem/decision.js';
import type { Durability } from '../options.js';
import { failedWith, mountPoint, UNSUPPORTED } from './failure.js';
import type {
  Entry,
  FileSystemCalls,
  FilesystemPlan,
  Identity,
  Listed,
  OpenDirectory,
} from './file-system-calls.js';
import { type Steps, step } from './steps.js';

/** What is decided about a filesystem, for these calls. */
export type Choices = Pick<Decision, Durability | 'syncfs'>;

/** The addon's system calls. Each asynchronous one costs a turn of a thread, so one call does as much as it can. */
export class NativeCalls implements FileSystemCalls {
  readonly name = 'native';
  readonly #addon: Addon;
  readonly #choicesFor: (directory: number) => Choices;

  /** @param choicesFor decides about the filesystem of an open directory, unless it has been decided. */
  constructor(addon: Addon, choicesFor: (directory: number) => Choices) {
    this.#addon = addon;
    this.#choicesFor = choicesFor;
  }

  openDirectory(path: Buffer): Steps<OpenDirectory> {
    return this.#call('openDirectory', path);
  }

  *openSubdirectory({ handle, path }: OpenDirectory, name: Buffer): Steps<OpenDirectory> {
    const opened = yield* this.#call('openDirectoryAt', handle, name, false);
    return { ...opened, path: inDirectory(path, name) };
  }

  /** At once in both forms: closing a directory waits for nothing. */
  // biome-ignore lint/correctness/useYield: as above.
  *close({ handle }: OpenDirectory): Steps<void> {
    this.#addon.closeHandleSync(handle);
  }

  ancestors({ handle }: OpenDirectory): Steps<readonly Identity[]> {
    return this.#call('ancestors', handle);
  }

  realPath({ handle }: OpenDirectory): Steps<Buffer> {
    return this.#call('realPath', handle);
  }

  mountPoints(): Steps<readonly Buffer[]> {
    return this.#call('mountPoints');
  }

  // biome-ignore lint/correctness/useYield: deciding reads what waits for no disk.
  *planFor({ handle }: OpenDirectory, durability: Durability): Steps<FilesystemPlan> {
    const choices = this.#choicesFor(handle);
    return { ...choices[durability], syncfs: choices.syncfs, syncsFileAgain: false };
  }

  lookUp({ handle }: OpenDirectory, name: Buffer): Steps<Entry> {
    return this.#call('lookUp', handle, name);
  }

  list({ handle }: OpenDirectory): Steps<readonly Listed[]> {
    return this.#call('listDirectory', handle);
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

  *removeDirectory({ handle }: OpenDirectory, name: Buffer): Steps<void> {
    yield* this.#call('removeDirectory', handle, name);
  }

  *syncDirectory({ handle, syncable }: OpenDirectory): Steps<boolean> {
    if (!syncable) return false;
    try {
      return yield* this.#call('syncDirectoryAt', handle);
    } catch (error) {
      if (failedWith(error, ...UNSUPPORTED)) return false;
      throw error;
    }
  }

  *syncFiles(directory: OpenDirectory, names: readonly Buffer[]): Steps<boolean> {
    yield* this.#onNames('syncFiles', directory, names);
    return true;
  }

  *syncFilesystem({ handle }: OpenDirectory): Steps<void> {
    yield* this.#call('syncFilesystem', handle);
  }

  removeIfUnlocked({ handle }: OpenDirectory, name: Buffer): Steps<'removed' | 'locked' | 'unknown'> {
    return this.#call('removeIfUnlocked', handle, name);
  }

  /** A failure says which of the names it was about. */
  *#onNames(
    call: 'unlinkAll' | 'syncFiles',
    { handle, path }: OpenDirectory,
    names: readonly Buffer[],
  ): Steps<void> {
    const answer = yield* this.#answerOf(call, handle, names);
    if (!isFailure(answer)) return;
    throw failedCall(answer, answer.path && inDirectory(path, answer.path));
  }

  *#call<Call extends keyof Entries>(
    call: Call,
    ...args: Parameters<Entries[Call]>
  ): Steps<ReturnType<Entries[Call]>> {
    const answer = yield* this.#answerOf(call, ...args);
    if (isFailure(answer)) throw failedCall(answer);
    return answer;
  }

  #answerOf<Call extends keyof Entries>(
    call: Call,
    ...args: Parameters<Entries[Call]>
  ): Steps<ReturnType<Entries[Call]> | NativeFailure> {
    // TypeScript does not see that a call's arguments go with its name.
    type Synchronous = (...args: unknown[]) => ReturnType<Entries[Call]> | NativeFailure;
    type Asynchronous = (...args: unknown[]) => Promise<ReturnType<Entries[Call]> | NativeFailure>;
    const forms: NativeCallForms = this.#addon;
    return step(
      () => (forms[`${call}Sync`] as Synchronous)(...args),
      () => (forms[call] as Asynchronous)(...args),
    );
  }
}

function isFailure(answer: unknown): answer is NativeFailure {
  return typeof answer === 'object' && answer !== null && 'reason' in answer;
}

/** As Node's `fs` throws. Most calls leave it to the caller to say which paths they were about. */
function failedCall({ reason, errno, syscall }: NativeFailure, path?: Buffer): Error {
  if (reason === 'mount-point' && path !== undefined) return mountPoint(syscall, path);
  const {
    message,
    code,
    errno: number,
  } = systemError({ errno, syscall, ...(path !== undefined && { path }) });
  return Object.assign(new Error(message), {
    ...{ code, errno: number, syscall },
    ...(path !== undefined && { path: path.toString() }),
  });
}
