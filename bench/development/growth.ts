/**
 * Measures how the cost of a save grows: with the saves at once, the entries of the directory, the mounts of the
 * machine, the size of the data, and the directories. Beside it Node's own `fs.writeFile`, which is neither atomic nor
 * durable. It never fails because of a time.
 *
 *     npm run bench:growth [-- DIRECTORY] [--disk ext4] [--axes at-once,size] [--seconds 3] [--quick] [--out FILE]
 *
 * Needs up to 3 GiB of space. Needs root on Linux for the mounts, which are made in a mount namespace of its own, and for
 * a disk, with the tools of the crash lab. All that it makes is removed, also after Ctrl-C.
 */
import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { Command, Option } from 'commander';
import { type Filesystem, inspect, type Saved } from 'indelible';
import { markdownTable } from 'markdown-table';
import { Interrupted, interruptible } from '../../src/cli/interruption.js';
import { missingFor } from '../../test/lab/requirements.js';
import { Workspace } from '../../test/lab/workspace.js';
import { FlushCounter } from '../measure/flush-counter.js';
import { thisMachine } from '../measure/report.js';
import { inWorkspace } from '../measure/workspace.js';
import { type MountPlace, onDisk, onSlowDisk } from './disks.js';
import { provenance, replaceGenerated } from './generated-part.js';
import { AXES, type Axis, type Growth, warmUp } from './growth-axes.js';
import { measurePoint, POINT_HEADS, pointRow } from './growth-point.js';
import { enterOwnMountNamespace, ownMountNamespaceRefused } from './mount-namespace.js';

/** For the largest file twice, and very many files. */
const ROOM = { size: 8 * 2 ** 30 };
const DISKS: Record<string, MountPlace> = {
  ext4: onDisk('ext4', ROOM),
  xfs: onDisk('xfs', ROOM),
  btrfs: onDisk('btrfs', ROOM),
  'slow-ext4': onSlowDisk('ext4', ROOM),
  'slow-xfs': onSlowDisk('xfs', ROOM),
  'slow-btrfs': onSlowDisk('btrfs', ROOM),
};

/** How many points of each axis, and the seconds for each, with `--quick`. */
const QUICK = { points: 2, seconds: 0.05, warmUp: 1 };
const WARM_UP = 20;

const program = new Command('npm run bench:growth --')
  .argument('[DIRECTORY]', 'on the filesystem to measure', '.')
  .addOption(
    new Option('--disk <name>', 'measure on a new filesystem in memory instead').choices(Object.keys(DISKS)),
  )
  .option('--axes <names>', Object.keys(AXES).join(), (names) => names.split(','), Object.keys(AXES))
  .option('--seconds <number>', 'for each point of an axis', Number, 3)
  .option('--quick', `only the first ${QUICK.points} points of each axis, and hardly any time`)
  .option('--out <file>', 'replace the tables in FILE, a page of documentation')
  .parse();
const options = program.opts<{
  disk?: string;
  axes: string[];
  seconds: number;
  quick?: true;
  out?: string;
}>();
const [directory = '.'] = program.processedArgs as string[];

const axes = options.axes.map((name) => {
  const axis = AXES[name];
  if (axis === undefined) throw new Error(`there is no axis '${name}', only ${Object.keys(AXES).join()}`);
  return axis;
});
const mount = options.disk === undefined ? undefined : DISKS[options.disk];
const missing = mount && missingFor('mkfs.ext4', 'mkfs.xfs', 'mkfs.btrfs', 'cc', 'nbdfuse', 'nbdkit');
if (missing !== undefined) throw new Error(`--disk ${missing}`);
const { out } = options;
const page = out === undefined ? '' : readFileSync(out, 'utf8');
const pageWith = (content: string) => replaceGenerated(page, 'growth', 'bench:growth', content);
// A page without the marks is refused now rather than after minutes.
if (out !== undefined) pageWith('');

const refused = axes.some(({ ownMounts }) => ownMounts) ? ownMountNamespaceRefused() : 'not asked for';
if (refused === undefined) await enterOwnMountNamespace(directory);

try {
  const content = await interruptible(async (signal) => {
    if (mount === undefined) return measureIn(directory, signal);
    const workspace = await Workspace.create();
    try {
      return await measureIn((await mount(workspace, 'disk')).directory, signal);
    } finally {
      await workspace.remove();
    }
  });
  if (out === undefined) process.stdout.write(content);
  else writeFileSync(out, pageWith(content));
} catch (error) {
  if (!(error instanceof Interrupted)) throw error;
  process.exitCode = error.exitStatus;
}

function measureIn(place: string, signal: AbortSignal): Promise<string> {
  return inWorkspace(place, async (workspace) => {
    const date = new Date().toISOString();
    const saved = await warmUp(workspace, options.quick ? QUICK.warmUp : WARM_UP);
    const described = await inspect(workspace.directory);
    const counter = FlushCounter.under(described.device);
    const filesystem = openSync(workspace.directory, 'r');
    const seconds = options.quick ? QUICK.seconds : options.seconds;
    const measure: Growth['measure'] = (subjects) =>
      measurePoint(subjects, { seconds, signal, filesystem, counter });
    try {
      const parts: string[] = [];
      for (const axis of axes) parts.push(await axisPart(axis, { workspace, signal, measure }));
      const command = ['npm run bench:growth --', ...process.argv.slice(2)].join(' ');
      return `## How cost grows\n\n${provenance(thisMachine(), date, command)}.\n\n${introduction(described, saved)}\n\n${parts.join('\n')}`;
    } finally {
      closeSync(filesystem);
    }
  });
}

/** The table of an axis, as far as the machine has room for it. */
async function axisPart(
  { title, head, about, values, ownMounts, points }: Axis,
  growth: Growth,
): Promise<string> {
  const heading = `### ${title}\n\n`;
  if (ownMounts && refused !== undefined) return `${heading}Not measured: ${refused}.\n`;
  const rows: string[][] = [];
  let end = '';
  try {
    for await (const { label, measurements } of points(
      options.quick ? values.slice(0, QUICK.points) : values,
      growth,
    )) {
      process.stderr.write(`${title}: ${label}\n`);
      rows.push(...measurements.map((one) => [label, ...pointRow(one)]));
    }
  } catch (error) {
    if (growth.signal.aborted) throw error;
    end = `\nNot measured further: ${error instanceof Error ? error.message : error}.\n`;
  }
  const align = [head, ...POINT_HEADS].map((_, index) => (index === 1 ? 'l' : 'r'));
  return `${heading}${about}.\n\n${markdownTable([[head, ...POINT_HEADS], ...rows], { align })}\n${end}`;
}

function introduction({ mount, device }: Filesystem, { protocol }: Saved): string {
  const where = [mount?.type ?? 'A hidden mount', device?.name]
    .filter((part) => part !== undefined)
    .join(' on ');
  const flush = options.disk?.startsWith('slow-') ? ', a disk in memory whose cache flush takes 5 ms' : '';
  return `${where}${flush}. A durable save is \`${protocol}\`.

Beside it is Node's own \`fs.writeFile\`, which is neither atomic nor durable. The implementations take turns. \`each\` is the
time of a turn divided by its saves, \`CPU\` the time of all threads of the process: medians of the turns. The percentiles are
of single saves, each from its call to its end, where there are enough of them: 10 for p90, 100 for p99, 1,000 for p99.9.
Flushes are those of the disk, other programs' included. An error in place of the number of saves is why one of them failed.`;
}
