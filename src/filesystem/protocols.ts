import type { Durability, EngineName, Protocol } from '../base/options.js';
import type { Stage } from '../base/stage-timer.js';
import type { Plan } from './decision.js';

// The steps of the update protocols. `inspect`, the steps in docs/ (`npm run docs:steps`), the stages of the
// benchmark and the test of the system calls (test/faults/protocol-steps.test.ts) read this table. The
// engines do not: that test compares their system calls with the table.

/**
 * One step of a save.
 *
 * @category inspect
 */
export type ProtocolStep =
  | 'create'
  | 'create-unnamed'
  | 'write'
  | 'set-attributes'
  | 'start-write-back'
  | 'write-back'
  | 'sync-file'
  | 'close'
  | 'pin'
  | 'link-unnamed'
  | 'link'
  | 'rename'
  | 'rename-exclusive'
  | 'unlink'
  | 'sync-directory'
  | 'sync-file-again'
  | 'unpin';

/** Everything that decides which steps of its protocol a save makes. */
export interface SaveCase extends Plan {
  engine: EngineName;
  /** The requested durability. */
  durability: Durability;
  /** An existing file, a file that does not exist yet, or the latter with `ifExists: 'fail'`. */
  target: 'replaced' | 'created' | 'exclusive';
  /** close(2) may be the first call to report that the data could not be stored. */
  reportsOnClose: boolean;
  /**
   * The sync of a directory may return too early: on btrfs, and on overlays, which may have btrfs below them.
   */
  directorySyncMayReturnEarly: boolean;
}

/** What a step does, and when a save makes it. */
export interface StepDescription {
  /** For documents. */
  description: string;
  /** The stage that includes its time; `undefined` if no stage does. */
  stage: Stage | undefined;
  /** The system call on Linux, by engine. An engine without an entry never makes the step. */
  calls: Partial<Record<EngineName, string>>;
  /** The condition of the step. Without one, every save with the protocol makes it. */
  only?: { description: string; when: (save: SaveCase) => boolean };
}

const WRITE_BACK = 'SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER';

export const STEPS: Readonly<Record<ProtocolStep, StepDescription>> = {
  create: {
    description: 'create the temporary',
    stage: 'create',
    calls: both('open(temporary, O_CREAT | O_EXCL)'),
    only: { description: 'named temporaries', when: ({ temporary }) => temporary === 'named' },
  },
  'create-unnamed': {
    description: 'create a temporary without a name',
    stage: 'create',
    calls: { native: 'open(directory, O_TMPFILE)' },
    only: { description: 'unnamed temporaries', when: ({ temporary }) => temporary === 'unnamed' },
  },
  write: {
    description: 'write all bytes',
    stage: 'write',
    calls: both('write(temporary)'),
  },
  'set-attributes': {
    description: 'set owner, attributes and mode',
    stage: 'attributes',
    calls: both('fchmod(temporary)'),
  },
  'start-write-back': {
    description: 'start the writeback of the data',
    stage: 'sync',
    calls: { native: 'sync_file_range(temporary, SYNC_FILE_RANGE_WRITE)' },
    only: {
      description: "`durability: 'durable'`",
      when: ({ durability }) => durability === 'durable',
    },
  },
  'write-back': {
    description: 'write back the data and wait for it',
    stage: 'sync',
    calls: { native: `sync_file_range(temporary, ${WRITE_BACK})` },
  },
  'sync-file': {
    description: 'sync the file',
    stage: 'sync',
    calls: both('fdatasync(temporary)'),
  },
  close: {
    description: 'close the file',
    stage: 'close',
    calls: both('close(temporary)'),
    only: {
      description:
        'native: not in memory, nor on ext4, XFS and btrfs, where it reports nothing; ' +
        'portable: not where the file is synced again',
      when: (save) => (save.engine === 'native' ? save.reportsOnClose : !syncsFileAgain(save)),
    },
  },
  pin: {
    description: 'give the old version a second name',
    stage: 'rename',
    calls: both('link(target, pin)'),
    only: {
      description: 'durable saves that replace a file on ext4 without a journal',
      when: ({ replaced, target }) => replaced === 'held' && target === 'replaced',
    },
  },
  'link-unnamed': {
    description: 'give the temporary a name',
    stage: 'rename',
    calls: { native: 'link(descriptor, temporary)' },
    only: {
      description: 'unnamed temporaries that replace a file',
      when: ({ temporary, target }) => temporary === 'unnamed' && target === 'replaced',
    },
  },
  link: {
    description: "give the temporary the target's name",
    stage: 'rename',
    calls: { native: 'link(descriptor, target)', portable: 'link(temporary, target)' },
    only: {
      description: "native: unnamed temporaries that replace nothing; portable: `ifExists: 'fail'`",
      when: isLinked,
    },
  },
  rename: {
    description: 'rename',
    stage: 'rename',
    calls: both('rename(temporary, target)'),
    only: {
      description: "without `ifExists: 'fail'`; unnamed temporaries only if they replace a file",
      when: (save) => save.target !== 'exclusive' && !isLinked(save),
    },
  },
  'rename-exclusive': {
    description: 'rename unless the target exists',
    stage: 'rename',
    calls: { native: 'renameat2(temporary, target, RENAME_NOREPLACE)' },
    only: {
      description: "named temporaries with `ifExists: 'fail'`",
      when: (save) => save.target === 'exclusive' && !isLinked(save),
    },
  },
  unlink: {
    description: "remove the temporary's own name",
    stage: 'rename',
    calls: { portable: 'unlink(temporary)' },
    only: { description: "`ifExists: 'fail'`", when: ({ target }) => target === 'exclusive' },
  },
  'sync-directory': {
    description: 'sync the directory',
    stage: 'syncDirectory',
    calls: both('fsync(directory)'),
    only: {
      description: "`durability: 'durable'`",
      when: ({ durability }) => durability === 'durable',
    },
  },
  'sync-file-again': {
    description: 'sync the file again',
    stage: 'syncDirectory',
    calls: { portable: 'fsync(temporary)' },
    only: { description: 'durable saves on btrfs and overlays', when: syncsFileAgain },
  },
  unpin: {
    description: "remove the old version's second name",
    stage: undefined,
    calls: both('unlink(pin)'),
    only: {
      description: 'if the old version has one',
      when: ({ replaced, target }) => replaced === 'held' && target === 'replaced',
    },
  },
};

const PREPARE = ['create', 'create-unnamed', 'write', 'set-attributes'] as const;
const PUBLISH = ['link-unnamed', 'link', 'rename', 'rename-exclusive', 'unlink'] as const;

/** The steps of each protocol, in order, and where the protocol is used. */
export const PROTOCOLS: Readonly<Record<Protocol, { steps: readonly ProtocolStep[]; usedOn: string }>> = {
  'single-commit': {
    steps: [...PREPARE, 'start-write-back', 'write-back', ...PUBLISH, 'sync-directory'],
    usedOn: 'ext4 and XFS, where it is proven',
  },
  'sync-rename-sync': {
    steps: [
      ...PREPARE,
      'sync-file',
      'close',
      'pin',
      ...PUBLISH,
      'sync-directory',
      'sync-file-again',
      'unpin',
    ],
    usedOn: 'everything else with a disk',
  },
  rename: {
    steps: [...PREPARE, 'close', ...PUBLISH],
    usedOn: "memory; `durability: 'none'`",
  },
};

/** The steps of a save, in order. */
export function stepsOf(save: SaveCase): ProtocolStep[] {
  return PROTOCOLS[save.protocol].steps.filter((step) => {
    const { calls, only } = STEPS[step];
    return calls[save.engine] !== undefined && (only === undefined || only.when(save));
  });
}

/**
 * The steps of the native engine for a durable save that replaces a file on a disk, with a named temporary.
 */
export function usualSteps(protocol: Protocol): ProtocolStep[] {
  return stepsOf({
    protocol,
    achieves: 'durable',
    temporary: 'named',
    replaced: 'released',
    engine: 'native',
    durability: 'durable',
    target: 'replaced',
    reportsOnClose: true,
    directorySyncMayReturnEarly: false,
  });
}

function both(call: string): Record<EngineName, string> {
  return { native: call, portable: call };
}

function isLinked({ engine, temporary, target }: SaveCase): boolean {
  return engine === 'native' ? temporary === 'unnamed' && target !== 'replaced' : target === 'exclusive';
}

function syncsFileAgain({ engine, achieves, directorySyncMayReturnEarly }: SaveCase): boolean {
  return engine === 'portable' && achieves === 'durable' && directorySyncMayReturnEarly;
}
