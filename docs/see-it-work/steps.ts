import type { Call, DiskRequest, Run } from './recordings.js';
import { bytes, duration, requestName } from './words.js';

/** A moment at which something happens. */
export interface Step {
  at: number;
  /** Where it happens. */
  where: 'program' | 'call' | 'disk' | 'neighbour' | 'reader';
  text: string;
  /** More than one line can say. */
  note?: string;
}

/** A call or flush at least this long, in microseconds, is told when it begins, too. */
const LONG = 400;

/** Everything that happens in a recording, in order; what began before it is told when it ends. */
export function stepsOf(run: Run): Step[] {
  const steps: Step[] = [
    { at: 0, where: 'program', text: 'The program calls save and waits.' },
    {
      at: run.settled,
      where: 'program',
      text:
        run.rejected === undefined
          ? `The promise resolves: saved, says the program, after ${duration(run.settled)}.`
          : `The promise is rejected: ${run.rejected}`,
    },
    ...run.calls.flatMap(stepsOfCall),
    ...run.requests.flatMap(stepsOfRequest),
  ];
  return steps.filter(({ at }) => at > run.begin && at <= run.end).sort((a, b) => a.at - b.at);
}

/** The next moment behind `at` at which anything happens, or before it; undefined where there is none. */
export function nextStep(times: readonly number[], at: number): number | undefined {
  return times.find((time) => time > at);
}

export function previousStep(times: readonly number[], at: number): number | undefined {
  return times.findLast((time) => time < at);
}

function stepsOfCall(call: Call): Step[] {
  const where = call.by === 'saver' ? 'call' : 'neighbour';
  const said = `${call.name}(${call.text})`;
  const end = call.start + call.duration;
  const thread = call.thread === 0 ? 'the main thread' : `thread ${call.thread}`;
  const note = `${said} = ${call.result}\n${duration(call.duration)}, on ${thread}`;
  if (call.duration < LONG) return [{ at: end, where, text: `${said} = ${call.result}`, note }];
  return [
    { at: call.start, where, text: `${said} …`, note },
    { at: end, where, text: `… ${call.name} = ${call.result}, after ${duration(call.duration)}`, note },
  ];
}

function stepsOfRequest(request: DiskRequest): Step[] {
  const { kind, start, end, length } = request;
  if (kind !== 'flush')
    return [
      { at: end, where: 'disk', text: `into the disk's cache: ${bytes(length)}, ${requestName(kind)}` },
    ];
  return [
    { at: start, where: 'disk', text: 'the disk begins to flush its cache …' },
    { at: end, where: 'disk', text: `… flushed, after ${duration(end - start)}` },
  ];
}
