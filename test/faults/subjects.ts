import { thisMachine } from '../../src/filesystem/machine.js';
import { engines } from '../engines.js';
import { missingFor } from '../lab/requirements.js';
import type { SaverOptions } from './saver.js';

/** What is made to fail: an engine, with a protocol of its own steps. */
export interface Subject extends SaverOptions {
  name: 'native' | 'native, single commit' | 'portable';
  /** It needs a filesystem for which its protocol is proven, instead of whatever the tests run on. */
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

/** Those that can be tested here. */
export const subjects: readonly Subject[] = all.filter(({ engine }) => engines.includes(engine));
