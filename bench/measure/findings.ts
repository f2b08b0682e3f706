import type { Device } from '../../src/filesystem/device.js';
import { byteSize, count, duration, threeDigits } from './amount.js';
import { BASELINE } from './baseline.js';
import { type Interval, median, medianInterval, ratios } from './confidence.js';
import type { ContenderResult, Finding, Result, Run } from './report.js';

/** A rotating disk with 15,000 turns a minute takes 4 ms for one of them; half of that for luck. */
const FASTEST_ROTATING_FLUSH = 2000;
/** etcd's hardware guide: "p99 of fdatasync should be less than 10ms" */
const ETCD_LIMIT = 10_000;
/** Of the highest rate, from which on more saves at once no longer help. */
const BEND = 0.9;

type Measured = Omit<Run, 'findings'>;

/** The findings on a run, the disk's first. */
export function findingsOf(run: Measured): Finding[] {
  const baseline = run.baseline.find(({ name }) => name === BASELINE);
  const inMemory = run.filesystem.warnings.some(({ code }) => code === 'memory');
  return [
    ...placeFindings(run),
    ...(baseline === undefined || inMemory ? [] : [flushFinding(run, baseline), etcdFinding(baseline)]),
    ...ownFindings(run),
  ];
}

function neutral(about: Finding['about'], text: string): Finding {
  return { about, says: 'neutral', text, heuristic: false };
}

/** What makes the numbers those of something else than a disk. */
function placeFindings({ filesystem }: Measured): Finding[] {
  const meaning = {
    network: 'The times are those of a network and a server, which decides what a sync means.',
    fuse: 'The times are those of a program (FUSE), which decides what a sync means.',
    memory: 'This is memory: the times are those of the system calls, and nothing outlives the power.',
  };
  return filesystem.warnings.flatMap(({ code }) =>
    code in meaning
      ? [{ ...neutral('place', meaning[code as keyof typeof meaning]), says: 'bad' as const }]
      : [],
  );
}

function flushFinding({ filesystem, baseline: primitives }: Measured, baseline: Result): Finding {
  const took = duration(baseline.microseconds.median);
  const disks = filesystem.device === undefined ? [] : disksOf(filesystem.device);
  const write = primitives.find(({ name }) => name === 'write')?.microseconds.median ?? 0;
  const about = 'flush';
  if (disks.length === 0) {
    return neutral(
      about,
      `No disk can be seen here; an fdatasync takes ${took}, a write ${duration(write)}.`,
    );
  }
  if (
    disks.some(({ rotational, virtual, kind }) => rotational === true && virtual !== true && kind === 'disk')
  ) {
    const believable = baseline.microseconds.median >= FASTEST_ROTATING_FLUSH;
    const text = believable
      ? `A flush takes ${took}, as a rotating disk's should: it is believable.`
      : `A flush takes ${took}, less than a rotating disk needs for half a turn (${duration(FASTEST_ROTATING_FLUSH)}): something between here and the medium confirms it too early.`;
    return { about, says: believable ? 'good' : 'bad', text, heuristic: true };
  }
  if (baseline.flushes !== null && baseline.flushes < 0.5) {
    const cache = disks.every(({ writeCache }) => writeCache === 'write through')
      ? 'it takes the disk to have no cache that loses writes'
      : 'the filesystem does not ask for it';
    const text = `The kernel sends ${flushes(baseline.flushes)} for an fdatasync: ${cache}. It takes ${took}.`;
    return { about, says: 'bad', text, heuristic: false };
  }
  const sent = baseline.flushes === null ? '' : `, for which the kernel sends ${flushes(baseline.flushes)}`;
  const virtual = disks.some((disk) => disk.virtual === true || disk.kind === 'loop');
  const text = virtual
    ? `An fdatasync takes ${took}${sent}. The disk is virtual: whether its host passes flushes on cannot be seen from here.`
    : `An fdatasync takes ${took}${sent}: believable for a disk without moving parts, with a cache that is safe or a fast medium.`;
  return { about, says: 'neutral', text, heuristic: true };
}

function flushes(number: number): string {
  const text = count(number);
  return text === '1' ? '1 flush' : `${text} flushes`;
}

function etcdFinding({ microseconds: { p99 } }: Result): Finding {
  const passes = p99 < ETCD_LIMIT;
  return {
    about: 'etcd',
    says: passes ? 'good' : 'bad',
    text: `The 99th percentile of fdatasync is ${duration(p99)}: ${passes ? 'within' : 'beyond'} the ${duration(ETCD_LIMIT)} that etcd asks of a disk.`,
    heuristic: true,
  };
}

/** What the library's own contenders and their competitors come to. */
function ownFindings(run: Measured): Finding[] {
  const own = run.contenders.filter((one) => one.package === 'indelible' && !one.minor);
  const fastest = (durability: string) =>
    own
      .filter((one) => one.durability === durability)
      .toSorted((a, b) => a.microseconds.median - b.microseconds.median)[0];
  const durable = fastest('durable');
  if (durable === undefined) return [];
  const findings = [rateFinding(durable, run)];
  const ordered = fastest('ordered');
  if (ordered !== undefined) {
    const { text } = comparison(ordered, durable);
    const promise =
      run.filesystem.protocol.ordered.achieves === 'ordered'
        ? 'after power loss never torn, maybe not the newest'
        : 'which promises nothing on this filesystem';
    findings.push(neutral('durability', `'${ordered.name}' (${promise}) ${text} '${durable.name}'.`));
  }
  const concurrency = concurrencyFinding(run, durable.name);
  if (concurrency !== undefined) findings.push(concurrency);
  const competitors = run.contenders.filter(
    (one) => one.package !== 'indelible' && one.durability === 'durable',
  );
  const competitor = competitors.toSorted((a, b) => a.microseconds.median - b.microseconds.median)[0];
  if (competitor !== undefined) {
    const { text } = comparison(durable, competitor);
    findings.push(
      neutral(
        'competitor',
        `'${durable.name}' ${text} '${competitor.name}', the fastest other that syncs the directory.`,
      ),
    );
  }
  return findings;
}

function rateFinding({ microseconds, perSecond, name }: ContenderResult, { bytes }: Measured): Finding {
  const sure = 1e6 / microseconds.p99;
  return neutral(
    'rate',
    `One after the other, '${name}' comes to ${threeDigits(perSecond)} saves of ${byteSize(bytes)} a second; count on ${threeDigits(sure)}, at which 99 of 100 are on time.`,
  );
}

function concurrencyFinding({ byConcurrency }: Measured, name: string): Finding | undefined {
  const rates = byConcurrency.flatMap(({ atOnce, results }) => {
    const perSecond = results.find((result) => result.name === name)?.perSecond;
    return perSecond === undefined ? [] : [{ atOnce, perSecond }];
  });
  const single = rates.find(({ atOnce }) => atOnce === 1);
  const most = Math.max(...rates.map(({ perSecond }) => perSecond));
  const bend = rates.find(({ perSecond }) => perSecond >= BEND * most);
  if (single === undefined || bend === undefined) return undefined;
  const text =
    bend.atOnce === 1
      ? `Saving concurrently brings nothing here: ${threeDigits(single.perSecond)} saves a second one at a time, ${threeDigits(most)} at best.`
      : `${bend.atOnce} saves at once come to ${threeDigits(bend.perSecond)} a second, ${threeDigits(bend.perSecond / single.perSecond)} times as many as one at a time; of the numbers tried, more bring little.`;
  return neutral('concurrency', text);
}

/** How one compares with another, in words; `clear` unless the noise is larger than the difference. */
export function comparison(
  one: Result,
  other: Result,
): { text: string; clear: boolean; ratio: number; interval: Interval | undefined } {
  const each = ratios(one.microseconds.roundMedians, other.microseconds.roundMedians);
  const interval = medianInterval(each);
  const ratio = median(each);
  if (interval === undefined) {
    const text = `takes ${threeDigits(ratio)} of the time (too few rounds to be sure) of`;
    return { text, clear: false, ratio, interval };
  }
  const [low, high] = interval;
  const range = `95 % sure: ${threeDigits(low)} to ${threeDigits(high)}`;
  if (low <= 1 && high >= 1) {
    return { text: `cannot be told apart (${range} of the time) from`, clear: false, ratio, interval };
  }
  return { text: `takes ${threeDigits(ratio)} of the time (${range}) of`, clear: true, ratio, interval };
}

/** What a device is made of, down to the disks. */
function disksOf(device: Device): Device[] {
  const below = device.backing?.device === undefined ? device.below : [device.backing.device];
  return below.length === 0 ? [device] : below.flatMap(disksOf);
}
