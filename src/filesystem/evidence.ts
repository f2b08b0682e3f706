/**
 * One fact that a decision is based on, and where it was read.
 *
 * @category inspect
 */
export interface Evidence {
  /** A file under `/proc` or `/sys`, or the name of a system call. */
  from: string;
  says: string;
}

/** The filesystem meets every condition under which a single commit was proven to be enough. */
export interface Proof {
  proven: true;
  /** The conditions that are met, as the beginning of a sentence. */
  finding: string;
  unnamedTemporaries: UnnamedTemporaries;
  evidence: Evidence[];
}

/** The filesystem does not meet these conditions, or not all of them can be read. */
export interface Refusal {
  proven: false;
  /** The condition that is missing, as the beginning of a sentence. */
  finding: string;
  evidence: Evidence[];
}

/** Whether temporaries without a name are safe. `'pending'`: more durable saves may show that they are. */
export interface UnnamedTemporaries {
  status: 'proven' | 'pending' | 'refused';
  finding: string;
}

export function refuse(finding: string, evidence: Evidence[] = []): Refusal {
  return { proven: false, finding, evidence };
}
