import { type Evidence, type Proof, type Refusal, refuse, type TemporariesVerdict } from './evidence.js';
import { type Ext4, ext4OptionsFile, fastCommitFile } from './ext4.js';

/**
 * How many syncs of new files have to leave both fast-commit counters at 0 before the feature counts as off.
 *
 * With the feature on, a sync of a regular file is counted unless another commit takes in the same changes at that very
 * moment (fs/ext4/fast_commit.c, EXT4_FC_STATUS_SKIPPED). One sync can meet that; three in a row hardly do. The sync of a
 * directory is always a full commit, which is not counted (fs/ext4/fsync.c, ext4_fsync_journal).
 */
export const SYNCS_THAT_SHOW_NO_FAST_COMMIT = 3;

/** With asynchronous commits the commit record is not written behind a flush; DAX has not been replayed. */
const UNPROVEN_OPTION = /^(journal_async_commit|dax|dax=always)$/;

/**
 * Whether one journal commit behind the rename is enough on this ext4.
 *
 * Replayed crashes show it for a journal inside the filesystem that orders or holds the data, with write barriers
 * and without journal_async_commit (docs/inspect.md). Every one of these has to be read, none is taken for
 * granted.
 *
 * @param syncs how many groups of durable saves in this process have synced a new file here (`decide`).
 */
export function proveExt4(ext4: Ext4, syncs: number): Proof | Refusal {
  const { device, options, dataMode, journal } = ext4;
  const file = ext4OptionsFile(device);
  if (options === undefined) return refuse(`ext4 whose options in force cannot be read (${file})`);
  const evidence: Evidence[] = [{ from: file, says: options.filter(matters).join(',') }];
  if (journal === 'none' || dataMode === undefined) {
    return refuse(`ext4 without a journal (${file} lists no data mode)`, evidence);
  }
  if (dataMode === 'writeback') return refuse(`ext4 with data=writeback (${file})`, evidence);
  if (!options.includes('barrier')) return refuse(`ext4 without write barriers (${file})`, evidence);
  const unproven = options.find((option) => UNPROVEN_OPTION.test(option));
  if (unproven !== undefined) return refuse(`ext4 with ${unproven} (${file})`, evidence);
  if (journal !== 'internal') {
    return refuse('ext4 whose journal cannot be seen to be inside it (/proc/fs/jbd2)', evidence);
  }
  evidence.push({ from: '/proc/fs/jbd2', says: `a journal inside ${device}` });
  if (ext4.fastCommits !== undefined) {
    const { commits, ineligible } = ext4.fastCommits;
    evidence.push({ from: fastCommitFile(device), says: `${commits} commits, ${ineligible} ineligible` });
  }
  return {
    proven: true,
    finding: `ext4 with data=${dataMode}, barriers and its journal inside it (${file}, /proc/fs/jbd2)`,
    temporaries: judgeUnnamedTemporaries(ext4, syncs),
    evidence,
  };
}

function matters(option: string): boolean {
  return /^(data=|(no)?barrier$)/.test(option) || UNPROVEN_OPTION.test(option);
}

/**
 * With fast_commit, the journal of an ext4 on which an unnamed file was given a name cannot be replayed after a
 * crash: 310 of 350 replayed states did not mount at all.
 */
function judgeUnnamedTemporaries(ext4: Ext4, syncs: number): TemporariesVerdict {
  const file = fastCommitFile(ext4.device);
  if (ext4.dataMode === 'journal') {
    // fs/ext4/super.c, ext4_check_journal_data_mode
    return { unnamed: 'proven', finding: 'temporaries have no name, as data=journal turns fast commits off' };
  }
  if (ext4.fastCommits === undefined) {
    return { unnamed: 'refuted', finding: `temporaries are named, as ${file} cannot be read` };
  }
  if (ext4.fastCommits.commits > 0 || ext4.fastCommits.ineligible > 0) {
    return { unnamed: 'refuted', finding: `temporaries are named, as fast_commit is on (${file})` };
  }
  if (syncs < SYNCS_THAT_SHOW_NO_FAST_COMMIT) {
    return {
      unnamed: 'unproven',
      finding:
        `temporaries are named, and durable saves sync the file too, until the first ${SYNCS_THAT_SHOW_NO_FAST_COMMIT} of a ` +
        `process have shown that fast_commit is off (${file})`,
    };
  }
  return {
    unnamed: 'proven',
    finding: `temporaries have no name, as ${syncs} syncs of files left ${file} at 0`,
  };
}
