import { type Evidence, type Proof, type Refusal, refuse, type UnnamedTemporaries } from './evidence.js';
import { type Ext4, ext4OptionsFile, fastCommitFile } from './ext4.js';

/**
 * The number of syncs of new files that must leave both fast-commit counters at 0 before the feature counts
 * as off.
 *
 * With the feature on, a sync of a regular file is counted, unless a concurrent commit includes the same
 * changes (fs/ext4/fast_commit.c, EXT4_FC_STATUS_SKIPPED). That can happen to one sync; three in a row are
 * very unlikely. The sync of a directory is always a full commit, which is not counted (fs/ext4/fsync.c,
 * ext4_fsync_journal).
 */
export const SYNCS_THAT_SHOW_NO_FAST_COMMIT = 3;

/** With asynchronous commits, no flush precedes the commit record. No crashes were replayed with DAX. */
const UNPROVEN_OPTION = /^(journal_async_commit|dax|dax=always)$/;

/**
 * Whether one journal commit after the rename is enough on this ext4.
 *
 * Replayed crashes show it for an internal journal with data=ordered or data=journal, with write barriers and
 * without journal_async_commit (docs/inspect.md). Each of these conditions must be read; none is assumed.
 *
 * @param syncs how many groups of durable saves of this process have synced a new file here (`decide`).
 */
export function proveExt4(ext4: Ext4, syncs: number): Proof | Refusal {
  const { device, options, dataMode, journal } = ext4;
  const file = ext4OptionsFile(device);
  if (options === undefined) return refuse(`ext4 whose options in force cannot be read (${file})`);
  const evidence: Evidence[] = [{ from: file, says: options.filter(isRelevant).join(',') }];
  if (journal === 'none' || dataMode === undefined) {
    return refuse(`ext4 without a journal (${file} lists no data mode)`, evidence);
  }
  if (dataMode === 'writeback') return refuse(`ext4 with data=writeback (${file})`, evidence);
  if (!options.includes('barrier')) return refuse(`ext4 without write barriers (${file})`, evidence);
  const unproven = options.find((option) => UNPROVEN_OPTION.test(option));
  if (unproven !== undefined) return refuse(`ext4 with ${unproven} (${file})`, evidence);
  if (journal !== 'internal') {
    return refuse('ext4 whose journal is not known to be internal (/proc/fs/jbd2)', evidence);
  }
  evidence.push({ from: '/proc/fs/jbd2', says: `an internal journal of ${device}` });
  if (ext4.fastCommits !== undefined) {
    const { commits, ineligible } = ext4.fastCommits;
    evidence.push({ from: fastCommitFile(device), says: `${commits} commits, ${ineligible} ineligible` });
  }
  return {
    proven: true,
    finding: `ext4 with data=${dataMode}, barriers and an internal journal (${file}, /proc/fs/jbd2)`,
    unnamedTemporaries: checkUnnamedTemporaries(ext4, syncs),
    evidence,
  };
}

function isRelevant(option: string): boolean {
  return /^(data=|(no)?barrier$)/.test(option) || UNPROVEN_OPTION.test(option);
}

/**
 * With fast_commit, ext4 cannot replay its journal after a crash if an unnamed file was given a name: 310 of
 * 350 replayed states did not mount at all.
 */
function checkUnnamedTemporaries(ext4: Ext4, syncs: number): UnnamedTemporaries {
  const file = fastCommitFile(ext4.device);
  if (ext4.dataMode === 'journal') {
    // fs/ext4/super.c, ext4_check_journal_data_mode
    return {
      status: 'proven',
      finding: 'temporaries are unnamed, because data=journal turns fast commits off',
    };
  }
  if (ext4.fastCommits === undefined) {
    return { status: 'refused', finding: `temporaries are named, because ${file} cannot be read` };
  }
  if (ext4.fastCommits.commits > 0 || ext4.fastCommits.ineligible > 0) {
    return { status: 'refused', finding: `temporaries are named, because fast_commit is on (${file})` };
  }
  if (syncs < SYNCS_THAT_SHOW_NO_FAST_COMMIT) {
    return {
      status: 'pending',
      finding:
        'temporaries are named, and durable saves also sync the file, until ' +
        `${SYNCS_THAT_SHOW_NO_FAST_COMMIT} of them in one process have shown that fast_commit is off ` +
        `(${file})`,
    };
  }
  return {
    status: 'proven',
    finding: `temporaries are unnamed, because ${syncs} syncs of files left ${file} at 0`,
  };
}
