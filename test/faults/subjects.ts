import { thisMachine } from '../../src/filesystem/machine.js';
import { engines } from '../engines.js';
import { missingFor } from '../lab/requirements.js';
import type { SaverOptions } from './saver.js';

/** An engine with a protocol, whose calls are made to fail. */
export interface Subject extends SaverOptions {
  name: 'native' | 'native, single commit' | 'portable';
  /**
   * A filesystem on which the protocol is proven. Without it, the filesystem that the tests run on is used.
   */
  on?: 'xfs';
}

const singleCommitMissing =
  missingFor('mkfs.xfs') ?? (thisMachine.isLinux(6, 1) ? undefined : 'needs Linux 6.1');

const all: readonly Subject[] = [
  { name: 'native', engine: 'native', environment: { INDELIBLE_PROTOCOL: 'sync-rename-sync' } },
  ...(singleCommitMissing === undefined
    ? [{ name: 'native, single commit', engine: 'native', environment: {}, on: 'xfs' } as const]
    : []),
  { name: 'portable', engine: 'portable', environment: {} },
];

if (singleCommitMissing !== undefined) console.log(`The single commit is left out: ${singleCommitMissing}`);

/** The subjects that can be tested on this machine. */
export const subjects: readonly Subject[] = all.filter(({ engine }) => engines.includes(engine));
