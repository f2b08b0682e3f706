import fs from 'node:fs';
import { save, saveSync } from '../api/save.js';
import { isSource, type SaveSource } from '../api/save-source.js';
import type { SaveData } from '../base/data.js';
import { isError } from '../base/errors.js';
import { type Durability, type InternalOptions, ONLY_IF_WRITABLE } from '../base/options.js';
import { type AbsolutePath, absolutePath } from '../base/path.js';

/** Node's own functions, taken before `register` replaces them. */
const node = {
  writeFile: fs.writeFile,
  writeFileSync: fs.writeFileSync,
  promises: { writeFile: fs.promises.writeFile },
};

/** Fake timers may replace it later. */
const { nextTick } = process;

/** What is not the same for `indelible/fs` and `indelible/register`. */
export interface Replacement {
  /** The durability if the option `flush` is not given. */
  readonly durability: Durability;
  /** Whether Node's own function writes this path. */
  isExcluded(path: AbsolutePath): boolean;
}

/** The functions that replace those of Node's `fs`. */
export interface ReplacedFunctions {
  writeFile(file: unknown, data: unknown, options?: unknown, callback?: unknown): void;
  writeFileSync(file: unknown, data: unknown, options?: unknown): void;
  readonly promises: { writeFile(file: unknown, data: unknown, options?: unknown): Promise<void> };
}

/**
 * Makes `writeFile`, `writeFileSync` and `promises.writeFile` with Node's signatures. They replace the file as
 * `save` does: durable unless `flush: false` is given, which syncs nothing. `mode` is for a file that does not
 * exist yet, and the umask applies.
 *
 * Node's own function is called with the same arguments, and so decides what happens,
 * - for anything but the replacement of a whole file: a descriptor, a `FileHandle`, a flag other than `w`, `w+`,
 *   `wx` and `wx+`;
 * - for a target that has no content to replace: a device, a FIFO, a file of `/proc` or `/sys`, or whatever is open
 *   under a descriptor (`/dev/stdout`);
 * - for arguments that Node refuses, with Node's error.
 *
 * What differs from Node is what differs for `save`: the process needs the right to write in the directory, hard
 * links keep the old content, a mount point is not replaced (`EBUSY`), and an error leaves the old file as it was.
 */
export function replacedFunctions(replacement: Replacement): ReplacedFunctions {
  return {
    // The number of parameters is that of Node's functions: wrappers look at it.
    writeFile(file, data, options, callback) {
      const done = callback || options;
      const given = typeof options === 'function' ? undefined : options;
      const replaced = isWhole(data) ? replacedFile(file, given, replacement) : undefined;
      if (replaced === undefined || typeof done !== 'function') {
        Reflect.apply(node.writeFile, fs, [file, data, options, callback]);
        return;
      }
      // In a turn of its own: an error of the callback is an uncaught exception, not a rejection.
      saveOrWrite(replaced, data, given).then(
        () => nextTick(() => done(null)),
        (error) => nextTick(() => done(error)),
      );
    },

    writeFileSync(file, data, options) {
      const replaced = isWhole(data) ? replacedFile(file, options, replacement) : undefined;
      if (replaced === undefined || !isWhole(data)) {
        Reflect.apply(node.writeFileSync, fs, [file, data, options]);
        return;
      }
      try {
        // Node's function has no signal.
        saveSync(replaced.path, data, { ...replaced.options, signal: undefined });
      } catch (error) {
        if (!isUnpublished(error) || !hasNoContentSync(replaced.path)) throw error;
        Reflect.apply(node.writeFileSync, fs, [replaced.path, data, options]);
      }
    },

    promises: {
      async writeFile(file, data, options) {
        const accepted = isWhole(data) || isSource(data as SaveData);
        const replaced = accepted ? replacedFile(file, options, replacement) : undefined;
        if (replaced === undefined) {
          await Reflect.apply(node.promises.writeFile, fs.promises, [file, data, options]);
        } else {
          await saveOrWrite(replaced, data, options);
        }
      },
    },
  };
}

interface ReplacedFile {
  readonly path: AbsolutePath;
  readonly options: InternalOptions;
}

/** Strings and views. `fs` takes no ArrayBuffer. */
function isWhole(data: unknown): data is string | ArrayBufferView {
  return typeof data === 'string' || ArrayBuffer.isView(data);
}

async function saveOrWrite({ path, options }: ReplacedFile, data: unknown, given: unknown): Promise<void> {
  const write = () => Reflect.apply(node.promises.writeFile, fs.promises, [path, data, given]);
  // A source cannot be read a second time, so the path is looked at before.
  const isRepeatable = isWhole(data);
  if (!isRepeatable && (await hasNoContent(path))) return await write();
  try {
    await save(path, data as SaveData | SaveSource, options);
  } catch (error) {
    if (!isRepeatable || !isUnpublished(error) || !(await hasNoContent(path))) throw error;
    await write();
  }
}

/** @returns `undefined` if Node's own function has to be called. */
function replacedFile(file: unknown, given: unknown, replacement: Replacement): ReplacedFile | undefined {
  // A number is a descriptor. An object that is no path is a FileHandle, or is refused by Node.
  if (typeof file !== 'string' && (typeof file !== 'object' || file === null)) return undefined;
  const options = saveOptionsOf(given, replacement.durability);
  if (options === undefined) return undefined;
  let path: AbsolutePath;
  try {
    path = absolutePath(file as string | Buffer | URL, 'path');
  } catch {
    return undefined;
  }
  return isDescriptor(path) || replacement.isExcluded(path) ? undefined : { path, options };
}

/** Whoever has it open writes on in the old file, so `console.log` to a replaced one would be lost. */
function isDescriptor(path: AbsolutePath): boolean {
  const text = path.toString();
  return /^\/(dev\/(std(in|out|err)|fd\/\d+)|proc\/[^/]+\/(task\/[^/]+\/)?fd\/\d+)$/.test(text);
}

/** The options that Node documents. */
interface NodeOptions {
  encoding?: unknown;
  mode?: unknown;
  flag?: unknown;
  flush?: unknown;
  signal?: unknown;
}

/** @returns `undefined` if Node refuses them, or if they do not ask for the replacement of a whole file. */
function saveOptionsOf(given: unknown, durability: Durability): InternalOptions | undefined {
  if (typeof given === 'string') return saveOptionsOf({ encoding: given }, durability);
  if (given !== undefined && (typeof given !== 'object' || Array.isArray(given))) return undefined;
  const { encoding, mode, flag, flush, signal }: NodeOptions = given ?? {};
  const ifExists = ifExistsOf(flag || 'w');
  const createMode = createModeOf(mode ?? 0o666);
  if (ifExists === undefined || createMode === undefined) return undefined;
  if (encoding && !(typeof encoding === 'string' && Buffer.isEncoding(encoding))) return undefined;
  if (flush !== undefined && flush !== null && typeof flush !== 'boolean') return undefined;
  if (signal !== undefined && !isSignal(signal)) return undefined;
  return {
    durability: flush === undefined || flush === null ? durability : flush ? 'durable' : 'none',
    ifExists,
    createMode,
    encoding: (encoding || 'utf8') as BufferEncoding,
    signal: signal as AbortSignal | undefined,
    [ONLY_IF_WRITABLE]: true,
  };
}

const { O_CREAT, O_EXCL, O_TRUNC, O_WRONLY, O_RDWR } = fs.constants;
const REPLACES = new Set<unknown>(['w', 'w+', O_CREAT | O_TRUNC | O_WRONLY, O_CREAT | O_TRUNC | O_RDWR]);
const CREATES = new Set<unknown>([
  ...['wx', 'xw', 'wx+', 'xw+'],
  ...[O_WRONLY, O_RDWR].flatMap((access) => [0, O_TRUNC].map((cut) => O_CREAT | O_EXCL | cut | access)),
]);

function ifExistsOf(flag: unknown): 'replace' | 'fail' | undefined {
  if (REPLACES.has(flag)) return 'replace';
  return CREATES.has(flag) ? 'fail' : undefined;
}

/** As Node reads a mode (lib/internal/validators.js, parseFileMode). The kernel takes twelve bits of it. */
function createModeOf(mode: unknown): number | undefined {
  if (typeof mode === 'string' && !/^[0-7]+$/.test(mode)) return undefined;
  const number = typeof mode === 'string' ? Number.parseInt(mode, 8) : mode;
  const isUint32 = typeof number === 'number' && Number.isInteger(number) && number >>> 0 === number;
  return isUint32 ? number & 0o7777 : undefined;
}

/** What `save` takes for a signal. */
function isSignal(signal: unknown): boolean {
  if (typeof signal !== 'object' || signal === null) return false;
  const { aborted, addEventListener, removeEventListener } = signal as Partial<AbortSignal>;
  const listens = typeof addEventListener === 'function' && typeof removeEventListener === 'function';
  return typeof aborted === 'boolean' && listens;
}

/** Whether a system call or a check of the target failed before anything was published. */
function isUnpublished(error: unknown): boolean {
  return isError(error) && 'published' in error && error.published === false && 'syscall' in error;
}

/**
 * Filesystems whose files are an interface of the kernel, by `f_type` (statfs(2), linux/magic.h): proc, sysfs,
 * cgroup, cgroup2, debugfs, tracefs, configfs, securityfs, selinuxfs, bpf, binfmt_misc, efivarfs, fusectl, resctrl,
 * apparmorfs, devpts.
 */
const KERNEL_INTERFACES = new Set([
  ...[0x9fa0, 0x6265_6572, 0x27_e0eb, 0x6367_7270, 0x6462_6720, 0x7472_6163, 0x6265_6570, 0x7363_6673],
  ...[0xf97c_ff8c, 0xcafe_4a11, 0x4249_4e4d, 0xde5e_81e4, 0x6573_5543, 0x765_5821, 0x5a3c_69f0, 0x1cd1],
]);

/** Whether the path leads to something that exists and that is written, not replaced. */
async function hasNoContent(path: AbsolutePath): Promise<boolean> {
  try {
    const stats = await fs.promises.stat(path);
    if (!stats.isFile()) return !stats.isDirectory();
    return process.platform === 'linux' && KERNEL_INTERFACES.has((await fs.promises.statfs(path)).type);
  } catch {
    return false;
  }
}

function hasNoContentSync(path: AbsolutePath): boolean {
  try {
    const stats = fs.statSync(path);
    if (!stats.isFile()) return !stats.isDirectory();
    return process.platform === 'linux' && KERNEL_INTERFACES.has(fs.statfsSync(path).type);
  } catch {
    return false;
  }
}

const replaced = replacedFunctions({ durability: 'durable', isExcluded: () => false });

/** `fs.promises` with `writeFile` replaced: what `indelible/fs/promises` is. */
export const promises: typeof fs.promises = withFunctions(fs.promises, replaced.promises);

/** Node's `fs` with `writeFile`, `writeFileSync` and `promises.writeFile` replaced: what `indelible/fs` is. */
export const nodeFs: typeof fs = withFunctions(fs, { ...replaced, promises });

/** A copy of a module of Node. Its getters stay getters: some load what they return. */
function withFunctions<Module extends object>(module: Module, functions: object): Module {
  return Object.defineProperties({} as Module, {
    ...Object.getOwnPropertyDescriptors(module),
    ...Object.getOwnPropertyDescriptors(functions),
  });
}
