import { isMinor, plainCall, plainRequest } from './plain-words.js';
import type { Call, DiskRequest, Run } from './recordings.js';
import { bytes, duration, requestName } from './words.js';

/** An event of a recording. */
export interface Step {
  at: number;
  /** Where it happens. */
  where: 'program' | 'call' | 'disk' | 'neighbour';
  /** What happens, in a sentence without a term of the system. */
  plain: string;
  /** The system call, or what the disk did. */
  text: string;
  /** Changes nothing on disk, and nothing that another process can see. */
  minor: boolean;
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
    {
      at: 0,
      where: 'program',
      minor: false,
      plain: 'The program saves its settings, and waits.',
      text: 'the call of save',
    },
    {
      at: run.settled,
      where: 'program',
      minor: false,
      ...(run.rejected === undefined
        ? {
            plain: 'The program is told that the file is saved.',
            text: `the promise resolves after ${duration(run.settled)}`,
          }
        : {
            plain: 'The program is told that the save has failed.',
            text: `the promise is rejected: ${run.rejected}`,
          }),
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
  const minor = isMinor(call);
  const written = `${call.name}(${call.text})`;
  const end = call.start + call.duration;
  const thread = call.thread === 0 ? 'the main thread' : `thread ${call.thread}`;
  const note = `${written} = ${call.result}\n${duration(call.duration)}, on ${thread}`;
  const done = { at: end, where, minor, plain: plainCall(call, 'done'), note } as const;
  if (call.duration < LONG) return [{ ...done, text: `${written} = ${call.result}` }];
  return [
    { at: call.start, where, minor, plain: plainCall(call, 'begins'), text: `${written} …`, note },
    { ...done, text: `… ${call.name} = ${call.result}, after ${duration(call.duration)}` },
  ];
}

function stepsOfRequest(request: DiskRequest): Step[] {
  const { kind, start, end, length } = request;
  const done = { at: end, where: 'disk', minor: false, plain: plainRequest(request, 'done') } as const;
  if (kind !== 'flush')
    return [{ ...done, text: `into the disk's cache: ${bytes(length)}, ${requestName(kind)}` }];
  const begins = plainRequest(request, 'begins');
  return [
    { ...done, at: start, plain: begins, text: 'the disk begins to flush its cache …' },
    { ...done, text: `… flushed, after ${duration(end - start)}` },
  ];
}
