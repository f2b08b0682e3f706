import type { Durability, EngineName, Protocol } from '../base/options.js';
import type { Stage } from '../base/stage-timer.js';
import type { Plan } from './decision.js';

// The steps of the update protocols. `inspect`, the steps in docs/ (`npm run docs:steps`), the benchmark's stages and the
// test of the system calls (test/faults/protocol-steps.test.ts) read them here. The engines are written out by hand and
// compared with this table by that test.

/** One step of a save. */
export type ProtocolStep =
  | 'create'
  | 'create-unnamed'
  | 'write'
  | 'set-attributes'
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

/** The rest of what decides which steps of its protocol a save makes. */
export interface SaveCase extends Plan {
  engine: EngineName;
  /** The durability that was asked for. */
  asked: Durability;
  /** The target: a file that is replaced, a file that does not exist yet, the same with `ifExists: 'fail'`. */
  target: 'replaced' | 'created' | 'exclusive';
  inMemory: boolean;
  /** The sync of a directory may return before it is done: btrfs, and overlays, which may have it below them. */
  directorySyncMayReturnEarly: boolean;
}

/** What is said of a step in one place. */
export interface StepDescription {
  /** For documents. */
  words: string;
  /** The stage that its time counts to; `undefined` if to none. */
  stage: Stage | undefined;
  /** On Linux, by engine. An engine that is missing here never makes the step. */
  calls: Partial<Record<EngineName, string>>;
  /** A step without a condition belongs to every save by the protocol. */
  only?: { words: string; when: (save: SaveCase) => boolean };
}

const WRITE_BACK = 'SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER';

export const STEPS: Readonly<Record<ProtocolStep, StepDescription>> = {
  create: {
    words: 'create the temporary',
    stage: 'create',
    calls: both('open(temporary, O_CREAT | O_EXCL)'),
    only: { words: 'named temporaries', when: ({ temporary }) => temporary === 'named' },
  },
  'create-unnamed': {
    words: 'create a temporary without a name',
    stage: 'create',
    calls: { native: 'open(directory, O_TMPFILE)' },
    only: { words: 'unnamed temporaries', when: ({ temporary }) => temporary === 'unnamed' },
  },
  write: {
    words: 'write all bytes',
    stage: 'write',
    calls: both('write(temporary)'),
  },
  'set-attributes': {
    words: 'set owner, attributes and mode',
    stage: 'attributes',
    calls: both('fchmod(temporary)'),
  },
  'write-back': {
    words: 'have the data written to the disk',
    stage: 'sync',
    calls: { native: `sync_file_range(temporary, ${WRITE_BACK})` },
  },
  'sync-file': {
    words: 'sync the file',
    stage: 'sync',
    calls: both('fdatasync(temporary)'),
  },
  close: {
    words: 'close the file',
    stage: 'close',
    calls: both('close(temporary)'),
    only: {
      words: 'native: not in memory; portable: not where the file is synced again',
      when: (save) => (save.engine === 'native' ? !save.inMemory : !syncsFileAgain(save)),
    },
  },
  pin: {
    words: 'give the old version a second name',
    stage: 'rename',
    calls: both('link(target, pin)'),
    only: {
      words: 'durable saves that replace a file on ext4 without a journal',
      when: ({ replaced, target }) => replaced === 'held' && target === 'replaced',
    },
  },
  'link-unnamed': {
    words: 'give the temporary a name',
    stage: 'rename',
    calls: { native: 'link(descriptor, temporary)' },
    only: {
      words: 'unnamed temporaries that replace a file',
      when: ({ temporary, target }) => temporary === 'unnamed' && target === 'replaced',
    },
  },
  link: {
    words: "give the temporary the target's name",
    stage: 'rename',
    calls: { native: 'link(descriptor, target)', portable: 'link(temporary, target)' },
    only: {
      words: "native: unnamed temporaries that replace nothing; portable: `ifExists: 'fail'`",
      when: isLinked,
    },
  },
  rename: {
    words: 'rename',
    stage: 'rename',
    calls: both('rename(temporary, target)'),
    only: {
      words: "without `ifExists: 'fail'`; unnamed temporaries only if they replace a file",
      when: (save) => save.target !== 'exclusive' && !isLinked(save),
    },
  },
  'rename-exclusive': {
    words: 'rename unless the target exists',
    stage: 'rename',
    calls: { native: 'renameat2(temporary, target, RENAME_NOREPLACE)' },
    only: {
      words: "named temporaries with `ifExists: 'fail'`",
      when: (save) => save.target === 'exclusive' && !isLinked(save),
    },
  },
  unlink: {
    words: "remove the temporary's own name",
    stage: 'rename',
    calls: { portable: 'unlink(temporary)' },
    only: { words: "`ifExists: 'fail'`", when: ({ target }) => target === 'exclusive' },
  },
  'sync-directory': {
    words: 'sync the directory',
    stage: 'syncDirectory',
    calls: both('fsync(directory)'),
    only: {
      words: "`durability: 'durable'`; portable: only where that can be achieved",
      when: ({ engine, asked, achieves }) => (engine === 'native' ? asked : achieves) === 'durable',
    },
  },
  'sync-file-again': {
    words: 'sync the file again',
    stage: 'syncDirectory',
    calls: { portable: 'fsync(temporary)' },
    only: { words: 'durable saves on btrfs and overlays', when: syncsFileAgain },
  },
  unpin: {
    words: "remove the old version's second name",
    stage: undefined,
    calls: both('unlink(pin)'),
    only: {
      words: 'where it has one',
      when: ({ replaced, target }) => replaced === 'held' && target === 'replaced',
    },
  },
};

const PREPARE = ['create', 'create-unnamed', 'write', 'set-attributes'] as const;
const PUBLISH = ['link-unnamed', 'link', 'rename', 'rename-exclusive', 'unlink'] as const;

/** The steps of each protocol, in their order, and where it is used. */
export const PROTOCOLS: Readonly<Record<Protocol, { steps: readonly ProtocolStep[]; usedOn: string }>> = {
  'single-commit': {
    steps: [...PREPARE, 'write-back', 'close', ...PUBLISH, 'sync-directory'],
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

/** The steps that a save makes, in their order. */
export function stepsOf(save: SaveCase): ProtocolStep[] {
  return PROTOCOLS[save.protocol].steps.filter((step) => {
    const { calls, only } = STEPS[step];
    return calls[save.engine] !== undefined && (only === undefined || only.when(save));
  });
}

/** The steps of a durable save that replaces a file on a disk, of the native engine and with a named temporary. */
export function usualSteps(protocol: Protocol): ProtocolStep[] {
  return stepsOf({
    protocol,
    achieves: 'durable',
    temporary: 'named',
    replaced: 'released',
    engine: 'native',
    asked: 'durable',
    target: 'replaced',
    inMemory: false,
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
