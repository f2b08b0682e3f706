// The tests of the behaviour suite that do not apply to a system, with the reason.

interface Inapplicable {
  /** `wine` is an incomplete Windows, `qemu` an emulated Linux; the others are filesystems of the network lab. */
  on: 'win32' | 'darwin' | 'wine' | 'qemu' | 'glusterfs' | 'sshfs' | 'bindfs';
  file: string;
  test: RegExp;
  reason: string;
  /** Only with this engine. */
  engine?: 'native' | 'portable';
  /** The test is run, and must fail: set where it always fails, and soon. */
  expectFailure?: true;
}

const ONE_BIT = "Windows has one bit of a file's mode, and no numbers for owners";
const NO_LINKS = 'Wine 8 pretends to make symbolic links';
const NO_SHELL = 'needs a POSIX shell and its ulimit';
const UTF_16 = 'names are UTF-16 on Windows, so every name can be written as a string';
const TEXTUAL_DOTS = 'Windows resolves `..` and `.` as text, before it looks up any name';
const NO_EXCHANGE = 'Windows has no call that swaps two names';
const NO_FILES_OF_THAT_KIND = 'Windows has no files that are FIFOs, devices or sockets';
const NO_PROC = 'looks at other processes through /proc and POSIX signals';
const PLAIN_FS_FLUSHES_NO_DIRECTORY = 'plain fs cannot flush a directory on Windows';
const FORMS_OF_PATHS = 'expects paths in errors in the form of Linux';
const OTHER_ERRORS = 'the calls that the other package makes fail with other errors on Windows';
const FOREIGN_MEMORY = 'Wine shows /dev/shm as a directory of a drive';
const ESBUILD = 'makes bundles with esbuild, which is installed for the real system only';

const NO_RENAME_FLAGS = 'the server does not implement the flags of renameat2(2)';
const NO_DURABLE_NAME = 'the server is not known to sync directories';
const NO_ACL = 'mounted without access lists; the server passes neither file flags nor capabilities on';
const UNTRUSTED_LINKS = 'sshfs refuses links that are absolute or lead upwards (EPERM)';

const INAPPLICABLE: readonly Inapplicable[] = [
  ...(['glusterfs', 'sshfs', 'bindfs'] as const).flatMap((on): Inapplicable[] => [
    {
      on,
      engine: 'native',
      file: 'rename-exclusive.test.ts',
      test: /renames, and reports|renames directories and links|exactly one of many/,
      reason: NO_RENAME_FLAGS,
      expectFailure: true,
    },
    {
      on,
      engine: 'native',
      file: 'exchange.test.ts',
      test: /^exchange(Sync)? > (swaps|reports|never shows)/,
      reason: NO_RENAME_FLAGS,
      expectFailure: true,
    },
  ]),
  ...(['glusterfs', 'sshfs', 'bindfs'] as const).map(
    (on): Inapplicable => ({
      on,
      file: 'result.test.ts',
      test: /says that the save is durable/,
      reason: NO_DURABLE_NAME,
      expectFailure: true,
    }),
  ),
  {
    on: 'glusterfs',
    file: 'extended-attributes.test.ts',
    test: /ACL|file flags|file capabilities/,
    reason: NO_ACL,
    expectFailure: true,
  },
  {
    on: 'sshfs',
    file: 'symbolic-link.test.ts',
    test: /follows an absolute link|follows a chain, each/,
    reason: UNTRUSTED_LINKS,
    expectFailure: true,
  },
  ...['write-file-atomic', 'atomically', 'steno'].flatMap((name): Inapplicable[] => {
    const file = `compat-${name}.test.ts`;
    return [
      { on: 'win32', file, test: /does the same/, reason: OTHER_ERRORS },
      { on: 'win32', file, test: /the mode of|change the options/, reason: ONE_BIT },
      { on: 'wine', file, test: /symbolic link/, reason: NO_LINKS },
    ];
  }),
  {
    on: 'win32',
    file: 'compat-fs.test.ts',
    test: /a file as a directory|ends in a slash/,
    reason: OTHER_ERRORS,
  },
  {
    on: 'wine',
    file: 'compat-fs.test.ts',
    test: /replaces the file instead of writing into it/,
    reason: 'Wine 8 has no rename with POSIX semantics, so nothing replaces a file that is open',
  },
  ...(['wine', 'qemu'] as const).flatMap((on): Inapplicable[] => [
    { on, file: 'copies.test.ts', test: /^two copies of the library in one thread/, reason: ESBUILD },
    { on, file: 'realms.test.ts', test: /^the library in a vm context/, reason: ESBUILD },
  ]),
  { on: 'wine', file: 'fake-timers.test.ts', test: /links are replaced/, reason: NO_LINKS },
  {
    on: 'qemu',
    file: 'in-memory.test.ts',
    test: /by the call itself|shared with threads/,
    reason: "QEMU's user mode does not implement openat2(2), without which a call may wait",
  },
  { on: 'wine', file: 'realms.test.ts', test: /^a path > may be/, reason: NO_LINKS },
  {
    on: 'win32',
    file: 'realms.test.ts',
    test: /with a host|with a NUL byte/,
    reason: 'a file URL may have a host on Windows, and needs a drive',
  },
  {
    on: 'win32',
    file: 'permission-model.test.ts',
    test: /keeps the mode|exactly the mode|more rights/,
    reason: ONE_BIT,
  },
  { on: 'win32', file: 'permission-model.test.ts', test: /a dead program has left/, reason: NO_PROC },
  { on: 'wine', file: 'permission-model.test.ts', test: /through a link/, reason: NO_LINKS },
  {
    on: 'win32',
    file: 'save-stream.test.ts',
    test: /the mode that the umask|no more rights/,
    reason: ONE_BIT,
  },
  {
    on: 'win32',
    file: 'attributes.test.ts',
    test: /mode '?(?!666|444)\d|umask of (?!0\b)|set-id|the owner|gets the mode|take over the mode/,
    reason: ONE_BIT,
  },
  {
    on: 'win32',
    file: 'attribute-options.test.ts',
    test: /of mode (?!444)\d|keeps the mode|decides the mode|the mode of a Stats|every part that is left out|^saves to one new path.*the mode/,
    reason: ONE_BIT,
  },
  { on: 'win32', file: 'make-directories.test.ts', test: /the mode that the umask leaves/, reason: ONE_BIT },
  { on: 'win32', file: 'save-stream.test.ts', test: /takes the options of save/, reason: ONE_BIT },
  { on: 'win32', file: 'saver.test.ts', test: /passes its options on/, reason: ONE_BIT },
  {
    on: 'win32',
    file: 'source.test.ts',
    test: /preserves the mode|takes the options of any save/,
    reason: ONE_BIT,
  },
  {
    on: 'win32',
    file: 'concurrency.test.ts',
    test: /may exceed the limit of open files/,
    reason: NO_SHELL,
  },
  { on: 'win32', file: 'full-disk.test.ts', test: /file size limit/, reason: NO_SHELL },
  {
    on: 'win32',
    file: 'exchange.test.ts',
    test: /^exchange(Sync)? > /,
    reason: NO_EXCHANGE,
  },
  {
    on: 'win32',
    engine: 'native',
    file: 'replace-directory.test.ts',
    test: /^replaceDirectory/,
    reason: NO_EXCHANGE,
  },
  {
    on: 'win32',
    file: 'replace-directory.test.ts',
    test: /^sweep >|refuses a file at either path|another filesystem/,
    reason: FORMS_OF_PATHS,
  },
  {
    on: 'win32',
    file: 'replace-directory.test.ts',
    test: /replaces an empty directory/,
    reason: 'Windows has no call that replaces a directory',
  },
  {
    on: 'win32',
    engine: 'portable',
    file: 'replace-directory.test.ts',
    test: /says that the tree is durable/,
    reason: PLAIN_FS_FLUSHES_NO_DIRECTORY,
  },
  {
    on: 'win32',
    file: 'replace-directory.test.ts',
    test: /with strict what cannot be made durable/,
    reason: FOREIGN_MEMORY,
  },
  {
    on: 'wine',
    file: 'replace-directory.test.ts',
    test: /symbolic link|a directory and one inside it/,
    reason: NO_LINKS,
  },
  { on: 'win32', file: 'keep-previous.test.ts', test: /the mode of the kept/, reason: ONE_BIT },
  { on: 'win32', file: 'keep-previous.test.ts', test: /refuses a FIFO/, reason: NO_FILES_OF_THAT_KIND },
  {
    on: 'win32',
    file: 'keep-previous.test.ts',
    test: /another filesystem|ends in a slash|at the path itself/,
    reason: FORMS_OF_PATHS,
  },
  {
    on: 'win32',
    engine: 'native',
    file: 'keep-previous.test.ts',
    test: /keeps exactly what is replaced/,
    reason: NO_EXCHANGE,
  },
  {
    on: 'win32',
    engine: 'portable',
    file: 'observability.test.ts',
    test: /the time of each sync/,
    reason: PLAIN_FS_FLUSHES_NO_DIRECTORY,
  },
  { on: 'win32', file: 'update.test.ts', test: /refuses a FIFO/, reason: NO_FILES_OF_THAT_KIND },
  { on: 'win32', file: 'update.test.ts', test: /keeps the mode|given another mode/, reason: ONE_BIT },
  { on: 'win32', file: 'make-directories.test.ts', test: /not UTF-8/, reason: UTF_16 },
  { on: 'win32', file: 'path.test.ts', test: /not UTF-8/, reason: UTF_16 },
  {
    on: 'win32',
    file: 'path.test.ts',
    test: /must not end in a longer name/,
    reason: 'Node fails with ENOENT for a name that Windows refuses',
  },
  { on: 'win32', file: 'path.test.ts', test: /must not end in a slash behind/, reason: TEXTUAL_DOTS },
  {
    on: 'win32',
    file: 'not-a-file.test.ts',
    test: /FIFO|socket|device|that only the kernel can follow/,
    reason: NO_FILES_OF_THAT_KIND,
  },
  { on: 'win32', file: 'replace-symlink.test.ts', test: /FIFO/, reason: NO_FILES_OF_THAT_KIND },
  {
    on: 'win32',
    file: 'sweep.test.ts',
    test: /killed writer|no save has made|dead writer|this process|cannot be seen|earlier boot|lease|namespace|container/,
    reason: NO_PROC,
  },
  { on: 'win32', file: 'back-pressure.test.ts', test: /./, reason: FOREIGN_MEMORY },
  {
    on: 'win32',
    file: 'rename-exclusive.test.ts',
    test: /into itself/,
    reason: 'Windows reports only that access is denied',
  },
  {
    on: 'win32',
    engine: 'portable',
    file: 'durability.test.ts',
    test: /accepts strict for what the filesystem promises/,
    reason: PLAIN_FS_FLUSHES_NO_DIRECTORY,
  },
  {
    on: 'win32',
    engine: 'portable',
    file: 'result.test.ts',
    test: /says that the save is durable/,
    reason: PLAIN_FS_FLUSHES_NO_DIRECTORY,
  },
  {
    on: 'win32',
    engine: 'portable',
    file: 'atomicity.test.ts',
    test: /a reader/,
    reason: 'whether plain fs replaces an open file depends on the version of libuv and of Windows',
  },
  {
    on: 'qemu',
    file: 'sweep.test.ts',
    test: /removes nothing of a/,
    reason: "QEMU's user mode invents a start time in /proc/self/stat that other processes do not see",
  },
  {
    on: 'qemu',
    file: 'extended-attributes.test.ts',
    test: /keeps its file flags/,
    reason: "QEMU's user mode does not implement ioctl_fssetxattr(2)",
  },
  { on: 'wine', file: 'exclusive.test.ts', test: /symbolic link/, reason: NO_LINKS },
  { on: 'wine', file: 'make-directories.test.ts', test: /dangling link/, reason: NO_LINKS },
  { on: 'wine', file: 'not-a-file.test.ts', test: /link/, reason: NO_LINKS },
  { on: 'wine', file: 'rename-exclusive.test.ts', test: /link/, reason: NO_LINKS },
  {
    on: 'wine',
    file: 'replace-symlink.test.ts',
    test: /^(?!.*(refuses to replace a (file|directory)|wrong)).*/,
    reason: NO_LINKS,
  },
  { on: 'wine', file: 'keep-previous.test.ts', test: /link/, reason: NO_LINKS },
  { on: 'wine', file: 'update.test.ts', test: /symbolic link/, reason: NO_LINKS },
  {
    on: 'wine',
    file: 'windows.test.ts',
    test: /makes a staged tree less than durable/,
    reason: 'Wine lets root write to read-only files',
  },
  { on: 'wine', file: 'symbolic-link.test.ts', test: /./, reason: NO_LINKS },
  { on: 'wine', file: 'shared-directory.test.ts', test: /follows a link although/, reason: NO_LINKS },
  { on: 'wine', file: 'attributes.test.ts', test: /link/, reason: NO_LINKS },
  {
    on: 'wine',
    file: 'atomicity.test.ts',
    test: /^while \w+ replaces a file > a reader/,
    reason: 'Wine 8 has no rename with POSIX semantics, so nothing replaces a file that is always open',
  },
];

/** Why a test is not run on this system; `undefined` if it is. */
export function whyInapplicable(
  file: string,
  test: string,
): Pick<Inapplicable, 'reason' | 'expectFailure'> | undefined {
  const here = [process.platform, process.env.INDELIBLE_TESTS_ON];
  const engine = process.env.INDELIBLE_ENGINE;
  return INAPPLICABLE.find(
    (one) =>
      here.includes(one.on) &&
      (one.engine === undefined || one.engine === engine) &&
      one.file === file &&
      one.test.test(test),
  );
}
