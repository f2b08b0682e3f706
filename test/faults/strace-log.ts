/**
 * One system call as strace prints it with `-y`: descriptors are followed by their path in angle brackets.
 */
export interface SystemCall {
  /** The thread that made the call; 0 if strace follows only one thread and does not name it. */
  thread: number;
  name: string;
  /** The text between the parentheses. */
  arguments: string;
  /** The text after the equals sign. */
  result: string;
}

const CALL = /^(?:(\d+) +)?(\w+)\((.*)\) += (.*)$/;
const UNFINISHED = /^(?:(\d+) +)?(\w+\(.*) <unfinished \.\.\.>$/;
const RESUMED = /^(?:(\d+) +)?<\.\.\. \w+ resumed>(.*)$/;

/**
 * Reads a log of strace, in the order in which the calls ended. Lines about anything else (signals, threads
 * that end) are left out, and so is a call that has not ended.
 */
export function parseStraceLog(log: string): SystemCall[] {
  const calls: SystemCall[] = [];
  const begun = new Map<string, string>();
  for (const line of log.split('\n')) {
    const unfinished = UNFINISHED.exec(line);
    if (unfinished !== null) {
      begun.set(unfinished[1] ?? '', `${unfinished[2]}`);
      continue;
    }
    const resumed = RESUMED.exec(line);
    const thread = resumed?.[1] ?? '';
    const whole = resumed === null ? line : `${thread} ${begun.get(thread)}${resumed[2]}`;
    const [, threadOfCall = '0', name, text, result] = CALL.exec(whole.trimStart()) ?? [];
    if (name === undefined || text === undefined || result === undefined) continue;
    calls.push({ thread: Number(threadOfCall), name, arguments: text, result });
  }
  return calls;
}

/** The path of the descriptor that is the call's first argument. */
export function descriptorPath(call: SystemCall): string | undefined {
  return /^\d+<([^>]*)>/.exec(call.arguments)?.[1];
}

export function wasInjected(call: SystemCall): boolean {
  return call.result.endsWith('(INJECTED)');
}
