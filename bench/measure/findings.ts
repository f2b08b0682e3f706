import { byteSize, count, duration, grouped, threeDigits } from './amount.js';
import { ETCD } from './append.js';
import { REFERENCE } from './baseline.js';
import { FEWEST_ROUNDS, type Interval, median, medianInterval, ratios } from './confidence.js';
import { diskKind, disksOf } from './disk.js';
import { type NoiseSummary, summaryOf } from './noise.js';
import { type ContenderResult, type Finding, type Result, type Run, SAMPLES_NEEDED } from './report.js';

/** The implementations that the answer is about. */
export const DURABLE_SAVE = 'save, durable';
export const TEXTBOOK = 'textbook, async';
export const UNSYNCED = 'fs.writeFile';

/** In microseconds. One turn of a disk with 15,000 turns a minute takes 4 ms. A flush may need only half of one. */
const FASTEST_ROTATING_FLUSH = 2000;
/** In microseconds. etcd's hardware guide: "p99 of fdatasync should be less than 10ms" */
const ETCD_LIMIT = 10_000;
/** The part of the highest rate from which more saves at once are no further gain. */
const NEAR_HIGHEST = 0.9;

type Measured = Omit<Run, 'findings'>;

/** The findings of a run: what limits their worth, the answer, what is known of the disk, and comparisons. */
export function findingsOf(run: Measured): Finding[] {
  const reference = run.baseline.find(({ name }) => name === REFERENCE);
  const noise = summaryOf(run.noise ?? []);
  const inMemory = run.filesystem.warnings.some(({ code }) => code === 'memory');
  const own = run.contenders.filter((one) => one.package === 'indelible' && !one.minor);
  const durable = fastest(own.filter(({ durability }) => durability === 'durable'));
  return [
    ...(noise?.mostly ? [noiseFinding(noise, run)] : []),
    ...placeFindings(run),
    ...(durable === undefined ? [] : answerFindings(run, durable)),
    ...(reference === undefined || inMemory ? [] : [flushFinding(run, reference), ...etcdFinding(run)]),
    ...(noise?.mostly ? [] : [noiseFinding(noise, run)]),
    ...(durable === undefined ? [] : comparisonFindings(run, durable, own)),
  ];
}

/** What other programs did meanwhile, and whether the figures can be trusted. */
function noiseFinding(noise: NoiseSummary | undefined, run: Measured): Finding {
  if (noise === undefined) {
    const why = run.noise === null ? 'is not visible on this system' : 'is not known: the time was too short';
    return neutral('noise', `What other programs did meanwhile ${why}.`);
  }
  const { rounds, noisy, mostly, used, withheld: taken, processors, disk, waiting, load } = noise;
  const own = taken < 0.01 ? '' : `, the host of this machine withheld ${threeDigits(taken)}`;
  const sent =
    disk === null
      ? 'what they sent to this disk is not visible'
      : `they sent ${count(disk.requests)} requests and ${byteSize(disk.bytes)} a second to this disk`;
  const waited =
    waiting === null
      ? ''
      : `, and waited ${percent(waiting.cpu)} of the time for a processor, ${percent(waiting.io)} for I/O`;
  const facts = `Other programs used ${threeDigits(used)} of ${processors} processors${own}; ${sent}${waited}.`;
  const loaded = load === null ? '' : ` The load was ${threeDigits(load)}, this program included.`;
  const which = `${noisy} of ${rounds} rounds were noisy.`;
  return {
    about: 'noise',
    says: mostly ? 'bad' : noisy === 0 ? 'good' : 'neutral',
    text: `${mostly ? `Do not trust these figures: ${which}` : which} ${facts}${loaded}`,
    heuristic: true,
  };
}

function percent(share: number): string {
  return `${Math.round(100 * share)} %`;
}

/** Says why a finding is withheld. */
function withheld(about: Finding['about'], what: string, why: string): Finding {
  return neutral(about, `${what}: withheld, ${why}. More --seconds give more.`);
}

function neutral(about: Finding['about'], text: string): Finding {
  return { about, says: 'neutral', text, heuristic: false };
}

/** What the numbers depend on where it is not a disk alone. */
function placeFindings({ filesystem }: Measured): Finding[] {
  const meaning = {
    network:
      'A network filesystem: the times are those of the network and the server. The server decides what a sync means.',
    fuse: 'A FUSE filesystem: the times are those of the program that serves it. That program decides what a sync means.',
    memory:
      'A filesystem in memory: the times are those of the system calls, and nothing survives a power failure.',
  };
  return filesystem.warnings.flatMap(({ code }) =>
    code in meaning
      ? [{ ...neutral('place', meaning[code as keyof typeof meaning]), says: 'bad' as const }]
      : [],
  );
}

function flushFinding({ filesystem, baseline }: Measured, reference: Result): Finding {
  if (reference.samples < SAMPLES_NEEDED.p90) {
    return withheld('flush', 'The time of a flush', tooFew(reference.samples, SAMPLES_NEEDED.p90));
  }
  const took = duration(reference.microseconds.median);
  const disks = filesystem.device === undefined ? [] : disksOf(filesystem.device);
  const write = baseline.find(({ name }) => name === 'write')?.microseconds.median ?? 0;
  const about = 'flush';
  if (disks.length === 0) {
    return neutral(about, `No disk is visible here. An fdatasync takes ${took}, a write ${duration(write)}.`);
  }
  const kind = diskKind(filesystem);
  if (kind === 'rotating') {
    const plausible = reference.microseconds.median >= FASTEST_ROTATING_FLUSH;
    const text = plausible
      ? `A flush takes ${took}, which is plausible for a rotating disk.`
      : `A flush takes ${took}, less than half a turn of a rotating disk (${duration(FASTEST_ROTATING_FLUSH)}): something between this program and the medium confirms flushes too early.`;
    return { about, says: plausible ? 'good' : 'bad', text, heuristic: true };
  }
  if (reference.flushes !== null && reference.flushes < 0.5) {
    const cause = disks.every(({ writeCache }) => writeCache === 'write through')
      ? 'it takes the disk to have no cache that loses writes'
      : 'the filesystem does not ask for one';
    const text = `The kernel sends ${flushes(reference.flushes)} for an fdatasync: ${cause}. An fdatasync takes ${took}.`;
    return { about, says: 'bad', text, heuristic: false };
  }
  const sent = reference.flushes === null ? '' : `, for which the kernel sends ${flushes(reference.flushes)}`;
  const text =
    kind === 'virtual'
      ? `An fdatasync takes ${took}${sent}. The disk is virtual: whether its host passes flushes on is not visible here.`
      : kind === 'memory'
        ? `An fdatasync takes ${took}${sent}. The disk is in memory: nothing on it survives a power failure.`
        : `An fdatasync takes ${took}${sent}: plausible for a disk without moving parts, with a cache that is safe or a fast medium.`;
  return { about, says: 'neutral', text, heuristic: true };
}

function flushes(number: number): string {
  const text = count(number);
  return text === '1' ? '1 flush' : `${text} flushes`;
}

/** @param samples the number of samples that there are. */
function tooFew(samples: number, needed: number): string {
  return `with n = ${grouped(samples)}, and it takes ${grouped(needed)}`;
}

/** etcd's own test: blocks of 2,300 bytes, appended one after the other. */
function etcdFinding({ appends }: Measured): Finding[] {
  const etcd = appends.find(({ name }) => name === ETCD);
  if (etcd === undefined) return [];
  const { samples, microseconds } = etcd;
  const { p99 } = microseconds;
  const what = 'Good enough for etcd?';
  if (p99 === null) return [withheld('etcd', what, tooFew(samples, SAMPLES_NEEDED.p99))];
  const passes = p99 < ETCD_LIMIT;
  const text = `${what} ${passes ? 'Yes' : 'No'}: 99 % of its appends with fdatasync finish within ${duration(p99)} (n = ${grouped(samples)}). It asks for less than ${duration(ETCD_LIMIT)}.`;
  return [{ about: 'etcd', says: passes ? 'good' : 'bad', text, heuristic: true }];
}

/** How many durable saves there are in a second, and what that is beside the other ways. */
function answerFindings(run: Measured, durable: ContenderResult): Finding[] {
  const beside = (about: Finding['about'], before: string, name: string) => {
    const other = run.contenders.find((one) => one.name === name);
    return other === undefined ? [] : [comparisonFinding(about, before, durable, other)];
  };
  return [
    rateFinding(durable, run),
    ...beside('unsynced', 'Beside not syncing: ', UNSYNCED),
    ...beside('textbook', 'Beside the textbook recipe: ', TEXTBOOK),
  ];
}

/** How this library's own implementations compare, with each other and with competitors. */
function comparisonFindings(
  run: Measured,
  durable: ContenderResult,
  own: readonly ContenderResult[],
): Finding[] {
  const findings: Finding[] = [];
  const ordered = fastest(own.filter(({ durability }) => durability === 'ordered'));
  if (ordered !== undefined) {
    const promise =
      run.filesystem.protocol.ordered.achieves === 'ordered'
        ? 'After power loss its files are never torn, but may not be the newest version.'
        : 'It promises nothing on this filesystem.';
    findings.push(comparisonFinding('durability', '', ordered, durable, ` ${promise}`));
  }
  const concurrency = concurrencyFinding(run, durable);
  if (concurrency !== undefined) findings.push(concurrency);
  const competitor = fastest(
    run.contenders.filter((one) => one.package !== 'indelible' && one.durability === 'durable'),
  );
  if (competitor !== undefined && competitor.name !== TEXTBOOK) {
    const before = 'Compared with the fastest competitor that syncs the directory: ';
    findings.push(comparisonFinding('competitor', before, durable, competitor));
  }
  return findings;
}

function fastest(results: readonly ContenderResult[]): ContenderResult | undefined {
  return results.toSorted((a, b) => a.microseconds.median - b.microseconds.median)[0];
}

function rateFinding(durable: ContenderResult, run: Measured): Finding {
  const { microseconds, perSecond, samples } = durable;
  const rates = ratesOf(run, durable).filter(({ microseconds: { interval } }) => interval !== null);
  const most = rates.toSorted((a, b) => b.perSecond - a.perSecond)[0];
  const atMost =
    most === undefined || most.atOnce === 1
      ? ''
      : `; at most ${threeDigits(most.perSecond)}, with ${most.atOnce} at once`;
  const rate = `${threeDigits(perSecond)} durable saves of ${byteSize(run.bytes)} a second, one after the other${atMost}.`;
  const { p99 } = microseconds;
  return p99 === null
    ? withheld('rate', `${rate} The p99`, tooFew(samples, SAMPLES_NEEDED.p99))
    : neutral('rate', `${rate} 99 % of saves finish within ${duration(p99)} (n = ${grouped(samples)}).`);
}

interface Rate extends Result {
  atOnce: number;
}

/** The results of an implementation by number at once. Its single saves are the first, where 1 was not measured so. */
function ratesOf({ byConcurrency }: Measured, single: Result): Rate[] {
  const measured = byConcurrency.flatMap(({ atOnce, results }) => {
    const result = results.find(({ name }) => name === single.name);
    return result === undefined ? [] : [{ atOnce, ...result }];
  });
  const first = measured.some(({ atOnce }) => atOnce === 1) ? [] : [{ atOnce: 1, ...single }];
  return [...first, ...measured];
}

function concurrencyFinding(run: Measured, durable: ContenderResult): Finding | undefined {
  const rates = ratesOf(run, durable);
  if (rates.length < 2) return undefined;
  const fewest = Math.min(...rates.map(({ microseconds }) => microseconds.roundMedians.length));
  if (fewest < FEWEST_ROUNDS) {
    return withheld('concurrency', 'The gain of concurrent saves', tooFewRounds(fewest));
  }
  const single = rates.find(({ atOnce }) => atOnce === 1);
  const most = Math.max(...rates.map(({ perSecond }) => perSecond));
  const enough = rates.find(({ perSecond }) => perSecond >= NEAR_HIGHEST * most);
  if (single === undefined || enough === undefined) return undefined;
  const { atOnce, perSecond } = enough;
  if (atOnce === 1) {
    const text = `Concurrent saves are no gain here: ${threeDigits(single.perSecond)} saves a second one at a time, at most ${threeDigits(most)} concurrently.`;
    return neutral('concurrency', text);
  }
  const gain = `${atOnce} saves at once: ${threeDigits(perSecond)} saves a second, ${threeDigits(perSecond / single.perSecond)} times as many as one at a time`;
  const limit =
    rates.at(-1) === enough ? 'no larger number was measured' : `no further gain beyond ${atOnce}`;
  return neutral('concurrency', `${gain}; ${limit}.`);
}

function comparisonFinding(
  about: Finding['about'],
  before: string,
  one: Result,
  other: Result,
  after = '',
): Finding {
  const { text, interval } = comparison(one, other);
  if (interval !== undefined) return neutral(about, `${before}'${one.name}' ${text}.${after}`);
  const rounds = Math.min(one.microseconds.roundMedians.length, other.microseconds.roundMedians.length);
  return withheld(about, `${before}'${one.name}' beside '${other.name}'`, tooFewRounds(rounds));
}

function tooFewRounds(rounds: number): string {
  return `with ${rounds === 1 ? '1 round' : `${rounds} rounds`}, and it takes ${FEWEST_ROUNDS}`;
}

/**
 * Compares one result with another, round by round.
 *
 * @returns what follows the name of the first in a sentence, and the ratio with its confidence interval.
 */
export function comparison(
  one: Result,
  other: Result,
): { text: string; ratio: number; interval: Interval | undefined } {
  const each = ratios(one.microseconds.roundMedians, other.microseconds.roundMedians);
  const interval = medianInterval(each);
  const ratio = median(each);
  const takes = `takes ${threeDigits(ratio)} times as long as '${other.name}'`;
  if (interval === undefined) return { text: takes, ratio, interval };
  const [low, high] = interval;
  const range = `95 % sure: ${threeDigits(low)} to ${threeDigits(high)}`;
  const isNoise = low <= 1 && high >= 1;
  const text = isNoise
    ? `cannot be told apart from '${other.name}' (${range} times as long)`
    : `${takes} (${range})`;
  return { text, ratio, interval };
}
