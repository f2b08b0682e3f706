import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { sweep } from 'indelible';
import { command } from '../lab/command.js';
import type { Pending } from '../lab/crash-states.js';
import type { LabMount } from '../lab/mounts.js';
import { type Cluster, NODES, type Node } from './cluster.js';
import { described, tally } from './faults.js';
import { type Finding, judge, type Saver, Watcher } from './judge.js';
import { RecordedDisk } from './recorded-disk.js';
import { type PartResult, resultOf } from './results.js';
import { SaverProcess } from './savers.js';
import { until } from './wait.js';

/** How many saves of each process come before the crash, and while the brick is away. */
const SAVES = 6;
/** Between two looks at all files. Reading them takes as much of the processor as saving them. */
const PAUSE_MS = 50;
/** How often a new client reads while the brick is healed. */
const READS = 40;
const PENDING = ['none', 'some', 'torn', 'all'] as const satisfies readonly Pending[];
/** The brick that crashes. */
const CRASHED: Node = 1;

/** What the crash states have shown. */
class Seen {
  readonly #states: { savers: readonly SaverProcess[]; folder: string }[] = [];
  reads = 0;
  /** Requests that a crash might have lost. */
  pending = 0;
  swept = 0;
  /** What contradicts the promises, seen by clients. */
  readonly findings: Finding[] = [];
  /** The copies on the healed bricks that are not whole or not the newest. */
  readonly copies: Finding[] = [];
  /** Where the healed bricks differ. */
  readonly differences: string[] = [];
  readonly left: string[] = [];
  /** The files of the crashed brick that had missed saves. */
  readonly missed: Finding[] = [];
  /** Those that had lost acknowledged saves of which no brick has a note. */
  readonly forgotten: Finding[] = [];

  add(savers: readonly SaverProcess[], folder: string): void {
    this.#states.push({ savers, folder });
  }

  get saves(): number {
    return this.#states
      .flatMap(({ savers }) => savers)
      .reduce((sum, { acknowledgements }) => sum + acknowledgements, 0);
  }

  /** Reads the files of all states through a client. */
  async judgeAll(mount: string): Promise<void> {
    for (const { savers, folder } of this.#states)
      this.findings.push(...(await judgeEach(savers, join(mount, folder))));
  }

  /** A client lists what one brick has. Where no brick has a note of what it missed, they may have different names. */
  async sweepAll(cluster: Cluster): Promise<void> {
    for (const node of NODES) {
      await cluster.mountClient(2, node);
      for (const { savers, folder } of this.#states) {
        const directory = join(cluster.mountOf(2), folder);
        this.swept += (await sweep(directory)).length;
        const expected = new Set(savers.flatMap(({ task }) => task.names));
        this.left.push(...(await readdir(directory)).filter((name) => !expected.has(name)));
      }
    }
    await cluster.healed();
  }

  async compareCopies(cluster: Cluster): Promise<void> {
    for (const { savers, folder } of this.#states) {
      const copies = NODES.map((node) => join(cluster.brickOf(node), folder));
      for (const copy of copies) this.copies.push(...(await judgeEach(savers, copy)));
      const [first = '', ...others] = await Promise.all(copies.map(entriesIn));
      this.differences.push(...others.filter((one) => one !== first).map((one) => `${first}\n${one}`));
    }
  }
}

/**
 * Cuts the power of one brick's disk while processes save, mounts what is left of it in its place, and judges what the
 * other two make of it. In every second state nothing is saved while the brick is away: then no brick has a note that
 * it missed something.
 */
export async function crashBrick(
  cluster: Cluster,
  mount: LabMount,
  directory: string,
  states: number,
): Promise<PartResult> {
  const disk = await RecordedDisk.replace(cluster, CRASHED, mount, join(directory, 'first-disk'));
  await cluster.reviveBricks();
  const seen = new Seen();
  for (let state = 0; state < states; state += 1) {
    const pending = PENDING[Math.floor(state / 2) % PENDING.length] ?? 'none';
    await crashOnce(cluster, disk, { state, pending, savesGoOn: state % 2 === 0 }, seen);
  }
  await seen.sweepAll(cluster);
  await seen.compareCopies(cluster);
  // The healed brick and one more.
  for (const node of NODES.filter((one) => one !== CRASHED)) {
    await cluster.killBrick(node);
    await cluster.mountClient(2, CRASHED);
    await seen.judgeAll(cluster.mountOf(2));
    await cluster.reviveBricks();
  }
  const second = await RecordedDisk.replace(cluster, 2, mount, join(directory, 'second-disk'));
  await cluster.reviveBricks();
  const control = await loseOnTwo(cluster, [disk, second]);
  const { findings } = seen;
  return resultOf(
    [
      { what: 'every file is whole at any time', against: described(findings, 'torn') },
      {
        what: 'every file is there at any time',
        against: [...described(findings, 'missing'), ...described(findings, 'unreadable')],
      },
      { what: 'every acknowledged save is read at any time', against: described(findings, 'lost') },
      { what: 'every copy is healed', against: seen.copies.map(({ detail }) => detail) },
      { what: 'the healed bricks are alike', against: seen.differences },
      { what: 'sweep removes everything that is left', against: seen.left },
      { what: 'a brick that was away is behind', against: seen.missed.length > 0 ? [] : ['none was'] },
      { what: 'what two disks have lost is seen', against: control.length > 0 ? [] : ['nothing was'] },
    ],
    `${states} states, ${seen.saves} saves, ${seen.reads} reads, ${seen.pending} requests pending, swept: ${seen.swept}, ` +
      `behind: ${kindsOf(seen.missed)}, without a note: ${kindsOf(seen.forgotten)}, control: ${kindsOf(control)}`,
  );
}

async function crashOnce(
  cluster: Cluster,
  disk: RecordedDisk,
  { state, pending, savesGoOn }: { state: number; pending: Pending; savesGoOn: boolean },
  seen: Seen,
): Promise<void> {
  const folder = join('brick', String(state));
  const [own, other] = [join(cluster.mountOf(1), folder), join(cluster.mountOf(2), folder)];
  const savers = await startSavers(own);
  seen.add(savers, folder);
  await acknowledged('before the crash', savers);
  const watcher = new Watcher(savers, own, { newest: true, pause: PAUSE_MS });

  if (!savesGoOn) await Promise.all(savers.map((saver) => saver.kill()));
  const killed = cluster.killBrick(CRASHED);
  // From the signal on the brick acknowledges nothing. While it ends, its disk goes on with what it has been given.
  const position = disk.position();
  await killed;
  seen.pending += await disk.crash({ position, pending, seed: state });
  if (savesGoOn) await acknowledged('while the brick is away', savers);
  const missed = await judgeEach(savers, join(cluster.brickOf(CRASHED), folder));
  (savesGoOn ? seen.missed : seen.forgotten).push(...missed);
  await cluster.startBricks();
  // A new client remembers nothing. It reads from the crashed brick whatever may be read there.
  await cluster.mountClient(2, CRASHED);
  const newcomer = new Watcher(savers, other, { newest: !savesGoOn, pause: PAUSE_MS });
  if (savesGoOn) {
    await acknowledged('when the brick is back', savers);
    await Promise.all(savers.map((saver) => saver.end()));
  }
  await until('reads while the brick is healed', () => newcomer.reads >= READS);
  await newcomer.end();
  // Of a temporary that the crashed brick alone has, GlusterFS heals nothing: its rename was lost, and noted nowhere. If
  // the brick has noted that a write to it had begun, it is listed as to be healed until a client removes it.
  await cluster.healed(async () => {
    await cluster.mountClient(2, CRASHED);
    seen.swept += (await sweep(other)).length;
  });
  await watcher.end();
  seen.reads += watcher.reads + newcomer.reads;
  await cluster.mountClient(2, CRASHED);
  const errors = savers.flatMap((saver) => saver.errors);
  seen.findings.push(
    ...watcher.findings,
    ...newcomer.findings,
    ...(savesGoOn ? errors.map(({ message }) => ({ kind: 'unreadable', detail: message }) as const) : []),
    ...(await judgeEach(savers, other)),
  );
}

/** The control: two of three disks lose saves that they had flushed. */
async function loseOnTwo(cluster: Cluster, disks: readonly RecordedDisk[]): Promise<Finding[]> {
  const folder = join('brick', 'control');
  const savers = await startSavers(join(cluster.mountOf(1), folder));
  await acknowledged('that are kept', savers);
  const positions = disks.map((disk) => disk.position());
  await acknowledged('that are lost', savers);
  await Promise.all(savers.map((saver) => saver.end()));
  for (const node of [1, 2] as const) await cluster.killBrick(node);
  for (const [index, disk] of disks.entries()) {
    await disk.crash({ position: positions[index] ?? 0, pending: 'none', seed: 0 });
  }
  await cluster.startBricks();
  await cluster.connected();
  await cluster.mountClient(2);
  return judgeEach(savers, join(cluster.mountOf(2), folder));
}

async function startSavers(directory: string): Promise<SaverProcess[]> {
  await mkdir(directory, { recursive: true });
  return ['abcd', 'efgh'].map(
    (names) => new SaverProcess({ directory, names: [...names], recipe: 'save', durability: 'durable' }),
  );
}

async function acknowledged(what: string, savers: readonly SaverProcess[]): Promise<void> {
  const before = savers.map(({ acknowledgements }) => acknowledgements);
  await until(`saves ${what}`, () =>
    savers.every(({ acknowledgements }, index) => acknowledgements >= (before[index] ?? 0) + SAVES),
  );
}

async function judgeEach(savers: readonly Saver[], directory: string): Promise<Finding[]> {
  return (await Promise.all(savers.map((saver) => judge(saver, directory)))).flat();
}

/** The names in a brick's copy of a directory, and which file each of them is. */
async function entriesIn(directory: string): Promise<string> {
  const paths = (await readdir(directory)).sort().map((name) => join(directory, name));
  const listed = await command('getfattr', '--absolute-names', '-n', 'trusted.gfid', '-e', 'hex', ...paths);
  return listed.replaceAll(/# file: .*\/|trusted\.gfid=/g, '').replaceAll(/\n+/g, ' ');
}

function kindsOf(findings: readonly Finding[]): string {
  return tally(findings.map(({ kind }) => kind));
}
