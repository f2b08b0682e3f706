/**
 * A system call in a log of `strace -f -ttt -T`. Times are in microseconds since 1970. strace has no output
 * format for programs.
 */
export interface TimedCall {
  thread: number;
  name: string;
  arguments: string;
  result: string;
  start: number;
  duration: number;
}

const STAMPED = /^(?<thread>\d+) +(?<seconds>\d+)\.(?<micro>\d{6}) (?<rest>.*)$/;
const CALL = /^(?<name>\w+)\((?<arguments>.*)\) += (?<result>.*) <(?<duration>\d+\.\d{6})>$/;
const UNFINISHED = /^(?<begun>\w+\(.*?),? ?<unfinished \.\.\.>$/;
const RESUMED = /^<\.\.\. \w+ resumed>,? ?(?<rest>.*)$/;

/** All calls that have ended, in the order in which they began. */
export function parseTimedCalls(log: string): TimedCall[] {
  const calls: TimedCall[] = [];
  const begun = new Map<string, { start: number; text: string }>();
  for (const line of log.split('\n')) {
    const stamped = STAMPED.exec(line)?.groups;
    if (stamped === undefined) continue;
    const { thread = '', rest = '' } = stamped;
    const now = Number(stamped.seconds) * 1e6 + Number(stamped.micro);
    const unfinished = UNFINISHED.exec(rest)?.groups;
    if (unfinished !== undefined) {
      begun.set(thread, { start: now, text: unfinished.begun ?? '' });
      continue;
    }
    const resumed = RESUMED.exec(rest)?.groups;
    const before = resumed === undefined ? undefined : begun.get(thread);
    const call = CALL.exec(before === undefined ? rest : join(before.text, resumed?.rest ?? ''))?.groups;
    if (call === undefined) continue;
    calls.push({
      thread: Number(thread),
      name: call.name ?? '',
      arguments: call.arguments ?? '',
      result: call.result ?? '',
      start: before?.start ?? now,
      duration: Math.round(Number(call.duration) * 1e6),
    });
  }
  return calls.sort((a, b) => a.start - b.start);
}

function join(begun: string, rest: string): string {
  return rest.startsWith(')') || begun.endsWith('(') ? `${begun}${rest}` : `${begun}, ${rest}`;
}
