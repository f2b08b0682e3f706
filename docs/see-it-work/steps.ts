import type { Call, DiskRequest, Run } from './recordings.js';
import { bytes, duration, requestName } from './words.js';

/** An event of a recording. */
export interface Step {
  at: number;
  /** Where it happens. */
  where: 'program' | 'call' | 'disk' | 'neighbour' | 'reader';
  text: string;
  /** More details. */
  note?: string;
}

/** A call of at least this many microseconds has a step at its start, too. */
const LONG = 400;

/**
 * All events of a recording, in order. A call or flush that began before the recording has a step at its end
 * only.
 */
export function stepsOf(run: Run): Step[] {
  const steps: Step[] = [
    { at: 0, where: 'program', text: 'The program calls save and waits.' },
    {
      at: run.settled,
      where: 'program',
      text:
        run.rejected === undefined
          ? `The promise resolves after ${duration(run.settled)}. The program takes the file as saved.`
          : `The promise is rejected: ${run.rejected}`,
    },
    ...run.calls.flatMap(stepsOfCall),
    ...run.requests.flatMap(stepsOfRequest),
  ];
  return steps.filter(({ at }) => at > run.begin && at <= run.end).sort((a, b) => a.at - b.at);
}

/** The next step after `at`; undefined if there is none. */
export function nextStep(times: readonly number[], at: number): number | undefined {
  return times.find((time) => time > at);
}

/** The last step before `at`; undefined if there is none. */
export function previousStep(times: readonly number[], at: number): number | undefined {
  return times.findLast((time) => time < at);
}

function stepsOfCall(call: Call): Step[] {
  const where = call.by === 'saver' ? 'call' : 'neighbour';
  const written = `${call.name}(${call.text})`;
  const end = call.start + call.duration;
  const thread = call.thread === 0 ? 'the main thread' : `thread ${call.thread}`;
  const note = `${written} = ${call.result}\n${duration(call.duration)}, on ${thread}`;
  if (call.duration < LONG) return [{ at: end, where, text: `${written} = ${call.result}`, note }];
  return [
    { at: call.start, where, text: `${written} …`, note },
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
