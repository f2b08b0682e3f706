/** One fact that a decision rests on, and where it was read. */
export interface Evidence {
  /** A file under `/proc` or `/sys`, or the name of a system call. */
  from: string;
  says: string;
}

/** That a filesystem meets every condition under which a single commit was proven to be enough. */
export interface Proof {
  proven: true;
  /** The conditions met, as the beginning of a sentence. */
  finding: string;
  temporaries: TemporariesVerdict;
  evidence: Evidence[];
}

/** That it does not, or cannot be seen to. */
export interface Refusal {
  proven: false;
  /** The condition that is missing, as the beginning of a sentence. */
  finding: string;
  evidence: Evidence[];
}

/** Whether a temporary without a name is safe; `'unproven'` may change with what is read after more saves. */
export interface TemporariesVerdict {
  unnamed: 'proven' | 'unproven' | 'refuted';
  finding: string;
}

export function refuse(finding: string, evidence: Evidence[] = []): Refusal {
  return { proven: false, finding, evidence };
}
