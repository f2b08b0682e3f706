import type { Call, DiskRequest } from './recordings.js';

/** Whether a sentence is about the start of a call that takes long, or about what it has done. */
export type Phase = 'begins' | 'done';

/** Calls that change nothing on disk, and nothing that another process can see. */
const MINOR = new Set([
  ...['statx', 'newfstatat', 'fstat', 'lstat', 'stat', 'readlink', 'readlinkat', 'close', 'read', 'pread64'],
  ...['ioctl', 'flock', 'fchmod', 'fchmodat', 'chmod', 'fchown', 'chown', 'utimensat'],
  ...['flistxattr', 'llistxattr', 'lgetxattr', 'fgetxattr', 'fsetxattr', 'fremovexattr'],
]);

const COPIES = /^(?:copy_file_range|sendfile)$/;
const LOOKS = /^(?:statx|newfstatat|l?stat|fstat|readlink(?:at)?|read|pread64|ioctl|flock)$/;

export function isMinor({ name, text }: Pick<Call, 'name' | 'text'>): boolean {
  return MINOR.has(name) || (name === 'openat' && /O_RDONLY/.test(text) && !/O_CREAT/.test(text));
}

/** What a call does, in one sentence without a term of the system. */
export function plainCall(call: Call, phase: Phase): string {
  if (call.by === 'neighbour') return plainNeighbour(call, phase);
  const { name, text, result } = call;
  const elsewhere = text.includes('/tmp');
  const onFile = /^\d+<settings\.json>/.test(text);
  if (result.startsWith('-') && !name.startsWith('rename')) {
    return COPIES.test(name)
      ? 'The system cannot copy between these filesystems.'
      : 'The system refuses a call.';
  }
  if (name === 'openat') return plainOpen(text, elsewhere);
  if (/^p?writev?(?:64)?$/.test(name)) {
    if (onFile) return 'The new version is written over the old one. It is only in memory.';
    return `The new version is written into the new file${elsewhere ? ' in /tmp' : ''}. It is only in memory.`;
  }
  if (COPIES.test(name)) return 'The new version is copied over the old one. It is only in memory.';
  if (name === 'ftruncate') return 'The old file is cut off.';
  if (name === 'fsync' || name === 'fdatasync') {
    if (/^\d+<\.>/.test(text)) {
      return phase === 'begins'
        ? 'The program waits until the directory, with the name, is on the platter.'
        : 'The sync of the directory, with the name, is done.';
    }
    const what = elsewhere ? 'the temporary in /tmp' : 'the new version';
    return phase === 'begins'
      ? `The program waits until ${what} is on the platter.`
      : `Now ${what} is on the platter.`;
  }
  if (name === 'sync_file_range')
    return 'The new version is sent to the disk, which may keep it in its cache.';
  if (name.startsWith('rename')) {
    return result === '0'
      ? 'The new file takes the name of the old one, in one step.'
      : 'The rename is refused: the new file is on another filesystem.';
  }
  if (name.startsWith('link')) return 'The new file gets a name of its own, for a moment.';
  if (name.startsWith('unlink')) return 'The temporary is removed.';
  if (name === 'close') return 'A file is closed.';
  if (LOOKS.test(name)) return `The program looks at the ${elsewhere ? 'temporary' : 'old file'}.`;
  return 'The rights of the old file are carried over.';
}

function plainOpen(text: string, elsewhere: boolean): string {
  if (/O_TMPFILE/.test(text) || (text.includes('O_CREAT') && !/, "settings\.json"/.test(text)))
    return elsewhere
      ? 'A new file is made in /tmp, on another filesystem.'
      : 'A new file is made beside the old one.';
  if (/O_WRONLY|O_RDWR/.test(text)) {
    return text.includes('O_TRUNC')
      ? 'The old file is cut off: it is empty now.'
      : 'The old file is opened, to be overwritten.';
  }
  return /^(?:AT_FDCWD|\d+<[^>]*>), "\."/.test(text)
    ? 'The directory is opened.'
    : 'A file is opened, to be read.';
}

function plainNeighbour({ name }: Call, phase: Phase): string {
  if (!/sync/.test(name)) return 'Another program works on a file of its own.';
  return phase === 'begins'
    ? 'Another program syncs its own file. The filesystem writes its pending changes, too.'
    : 'The sync of the other program is done.';
}

/** What the disk does, in one sentence. */
export function plainRequest({ kind }: DiskRequest, phase: Phase): string {
  if (kind === 'flush') {
    return phase === 'begins'
      ? 'The disk moves its cache to the platter.'
      : 'The disk has written its cache to the platter.';
  }
  if (kind === 'data') return 'The disk takes the new version into its cache.';
  if (kind === 'neighbour') return 'The disk takes the data of the other program into its cache.';
  return 'The disk takes changes of the filesystem into its cache.';
}
