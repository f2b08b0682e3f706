import type { Call } from '../../../docs/see-it-work/recordings.js';
import { NEIGHBOUR_FILE, WARM_UP_FILE } from './files.js';
import type { TimedCall } from './timed-calls.js';

/** The system calls that strace traces (`?`: unknown on some machines). */
export const TRACED = [
  ...[
    'openat',
    '?open',
    'close',
    'read',
    'pread64',
    'write',
    'writev',
    'pwrite64',
    'pwritev',
    'ftruncate',
    'fallocate',
  ],
  ...[
    'statx',
    '?newfstatat',
    'fstat',
    '?lstat',
    '?stat',
    '?readlink',
    'readlinkat',
    'copy_file_range',
    'sendfile',
  ],
  ...['fchown', '?chown', 'fchmod', '?chmod', 'fchmodat', 'utimensat', 'ioctl', 'flock'],
  ...['flistxattr', '?llistxattr', 'lgetxattr', 'fgetxattr', 'fsetxattr', 'fremovexattr'],
  ...['fsync', 'fdatasync', 'syncfs', 'sync_file_range', '?rename', '?renameat', 'renameat2'],
  ...['?link', 'linkat', '?unlink', 'unlinkat'],
];

/** The directories whose names are shortened in the recording. */
export interface TracedDirectories {
  volume: string;
  /** On another filesystem; shown as /tmp. */
  otherFilesystem: string;
}

const EVENT = /^1<[^>]*>, "\{\\"event\\":\\"(?<event>\w+)\\"/;

/** The events that the saving process has printed. */
export function eventsOf(calls: readonly TimedCall[]): { event: string; at: number }[] {
  return calls.flatMap((call) => {
    const event = call.name === 'write' ? EVENT.exec(call.arguments)?.groups?.event : undefined;
    return event === undefined ? [] : [{ event, at: call.start }];
  });
}

/** The calls on the file, its directory and its temporary, and the other program's writes and syncs. */
export function callsAbout(
  calls: readonly TimedCall[],
  { volume, otherFilesystem }: TracedDirectories,
  { begin, end, mainThread }: { begin: number; end: number; mainThread: number },
): Call[] {
  const threads = new Map([[mainThread, 0]]);
  return calls
    .filter(({ start, arguments: text }) => start >= begin && start < end && isAbout(text))
    .map((call): Call => {
      const text = shorten(call.arguments);
      const by = text.includes(NEIGHBOUR_FILE) ? 'neighbour' : 'saver';
      const thread = by === 'neighbour' ? 0 : (threads.get(call.thread) ?? threads.size);
      if (by === 'saver') threads.set(call.thread, thread);
      const { name, start, duration } = call;
      const bytes =
        by === 'saver' && MOVES_BYTES.has(name) && !WRITES_TO_TMP.test(text)
          ? Number.parseInt(call.result, 10)
          : Number.NaN;
      return {
        by,
        thread,
        name,
        text,
        result: shorten(call.result),
        start,
        duration,
        ...(Number.isNaN(bytes) ? {} : { bytes }),
      };
    });

  function isAbout(text: string): boolean {
    return (text.includes(volume) || text.includes(otherFilesystem)) && !text.includes(WARM_UP_FILE);
  }

  function shorten(text: string): string {
    return text
      .replaceAll(WORKING_DIRECTORY, 'AT_FDCWD')
      .replaceAll(otherFilesystem, '/tmp')
      .replaceAll(`${volume}/`, '')
      .replaceAll(volume, '.')
      .replaceAll(/"(\\.|[^"\\])*"\.\.\./g, '"…"');
  }
}

const MOVES_BYTES = new Set(['write', 'writev', 'pwrite64', 'pwritev', 'copy_file_range', 'sendfile']);
/** The first argument is the descriptor that is written to. */
const WRITES_TO_TMP = /^\d+<\/tmp\/[^>]*>, "/;
/** strace adds the path of the working directory. The file is not in it. */
const WORKING_DIRECTORY = /\bAT_FDCWD<[^>]*>/g;
