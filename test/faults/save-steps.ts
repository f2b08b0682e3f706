import { descriptorPath, type SystemCall } from './strace-log.js';

/**
 * The steps of a save that can fail. Each is recognised among all calls of the process by its name and
 * arguments.
 */
export type Step =
  | 'open the directory'
  | 'look at the target'
  | 'read the link'
  | 'create the temporary'
  | 'write'
  | 'set the owner'
  | 'set the mode'
  | 'list the attributes'
  | 'read an attribute'
  | 'set an attribute'
  | 'remove the default ACL'
  | 'set the file flags'
  | 'sync the file'
  | 'close the file'
  | 'rename'
  | 'link the kept version'
  | 'sync the kept version'
  | 'rename the kept version'
  | 'sync the directory of the kept version'
  | 'exchange'
  | 'unlink the kept version'
  | 'sync the filesystem'
  | 'move the old tree aside'
  | 'remove a file of the old tree'
  | 'remove the old tree'
  | 'link'
  | 'pin the old version'
  | 'make the link'
  | 'unlink the temporary'
  | 'sync the directory'
  | 'look for other syncing processes'
  | 'sync the file again'
  | 'make a directory'
  | 'sync the parent directory'
  | 'lock the directory'
  | 'take a ticket'
  | 'open the old file'
  | 'read the old file'
  | 'ask for the end of the old file';

/** The paths of the traced save. */
export interface Names {
  directory: string;
  target: string;
}

/** Whether a call is the one that makes a step. */
export const recognise: Record<Step, (call: SystemCall, names: Names) => boolean> = {
  'open the directory': (call, { directory }) =>
    isOpen(call) && call.arguments.includes(`"${directory}"`) && call.arguments.includes('O_DIRECTORY'),
  'look at the target': (call) =>
    ['statx', 'newfstatat', 'lstat'].includes(call.name) && /["/]target"/.test(call.arguments),
  // By the path of the link, or by a descriptor of the link itself.
  'read the link': (call) =>
    ['readlink', 'readlinkat'].includes(call.name) && /link[">]/.test(call.arguments),
  'create the temporary': (call) => isOpen(call) && /O_CREAT|O_TMPFILE/.test(call.arguments),
  write: (call, names) => call.name === 'write' && isOnFileIn(call, names),
  'set the owner': (call, names) => call.name === 'fchown' && isOnFileIn(call, names),
  'set the mode': (call, names) => call.name === 'fchmod' && isOnFileIn(call, names),
  'list the attributes': (call) => call.name === 'llistxattr',
  'read an attribute': (call) => call.name === 'lgetxattr',
  'set an attribute': (call) => call.name === 'fsetxattr',
  'remove the default ACL': (call) => call.name === 'fremovexattr',
  'set the file flags': (call) => call.name === 'ioctl' && call.arguments.includes('FS_IOC_FSSETXATTR'),
  'sync the file': (call, names) =>
    ['fdatasync', 'fsync', 'sync_file_range'].includes(call.name) && isOnFileIn(call, names),
  // Not the old file, which is also opened, to read its flags.
  'close the file': (call, names) =>
    call.name === 'close' && isOnFileIn(call, names) && descriptorPath(call) !== names.target,
  rename: (call) => ['rename', 'renameat', 'renameat2'].includes(call.name),
  'link the kept version': (call) =>
    ['link', 'linkat'].includes(call.name) && /["/]target"/.test(call.arguments),
  'sync the kept version': (call) =>
    ['fdatasync', 'sync_file_range'].includes(call.name) &&
    (descriptorPath(call)?.includes('/kept/') ?? false),
  'rename the kept version': (call) => call.name.startsWith('rename') && call.arguments.includes('previous"'),
  'sync the directory of the kept version': (call) =>
    call.name === 'fsync' && (descriptorPath(call)?.endsWith('/kept') ?? false),
  exchange: (call) => call.name === 'renameat2' && call.arguments.includes('RENAME_EXCHANGE'),
  'unlink the kept version': (call) => ['unlink', 'unlinkat'].includes(call.name),
  'sync the filesystem': (call) => call.name === 'syncfs',
  'move the old tree aside': (call) =>
    call.name.startsWith('rename') && /"staged",.*"\.indelible-/.test(call.arguments),
  'remove a file of the old tree': (call) =>
    call.name === 'unlinkat' && !call.arguments.includes('AT_REMOVEDIR'),
  'remove the old tree': (call) => call.name === 'unlinkat' && call.arguments.includes('AT_REMOVEDIR'),
  link: (call) => isLink(call) && !isPin(call),
  'pin the old version': isPin,
  'make the link': (call) => ['symlink', 'symlinkat'].includes(call.name),
  'unlink the temporary': (call) => ['unlink', 'unlinkat'].includes(call.name),
  'sync the directory': (call, { directory }) => call.name === 'fsync' && descriptorPath(call) === directory,
  'look for other syncing processes': (call, { directory }) =>
    call.name === 'fcntl' && call.arguments.includes('F_OFD_GETLK') && descriptorPath(call) === directory,
  // The file has its new name by then, or a temporary name that is made for this sync only.
  'sync the file again': (call, { target }) =>
    call.name === 'fsync' &&
    (descriptorPath(call) === target || (descriptorPath(call)?.includes('/.indelible-') ?? false)),
  'make a directory': (call) => ['mkdir', 'mkdirat'].includes(call.name),
  'sync the parent directory': (call, { directory }) =>
    call.name === 'fsync' &&
    `${descriptorPath(call)}/` === directory.slice(0, directory.lastIndexOf('/') + 1),
  // The steps of an update.
  'lock the directory': (call) => call.name === 'flock' && call.arguments.includes('LOCK_EX'),
  'take a ticket': (call, { directory }) =>
    call.name === 'fcntl' && call.arguments.includes('F_OFD_SETLK') && descriptorPath(call) === directory,
  'open the old file': (call) =>
    isOpen(call) && /["/]target"/.test(call.arguments) && !call.arguments.includes('O_CREAT'),
  'read the old file': (call, { target }) =>
    ['read', 'pread64'].includes(call.name) && descriptorPath(call) === target,
  'ask for the end of the old file': (call, { target }) =>
    call.name === 'lseek' && call.arguments.endsWith('SEEK_HOLE') && descriptorPath(call) === target,
};

function isLink(call: SystemCall): boolean {
  return ['link', 'linkat'].includes(call.name);
}

/** A second link to the target under a temporary name. */
function isPin(call: SystemCall): boolean {
  return isLink(call) && /["/]target".*\.indelible-/.test(call.arguments);
}

function isOpen(call: SystemCall): boolean {
  return ['openat', 'openat2', 'open'].includes(call.name);
}

function isOnFileIn(call: SystemCall, { directory }: Names): boolean {
  return descriptorPath(call)?.startsWith(`${directory}/`) ?? false;
}
