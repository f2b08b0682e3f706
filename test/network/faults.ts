import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { type Durability, sweep } from 'indelible';
import type { Cluster } from './cluster.js';
import type { Sshfs } from './fuse.js';
import { type Finding, judge, Watcher } from './judge.js';
import { type PartResult, resultOf } from './results.js';
import type { SaverTask } from './saver.js';
import { SaverProcess } from './savers.js';
import { until } from './wait.js';

/** What breaks while processes save. */
export interface Fault {
  name: string;
  /** Where the processes save, and where the files are watched and judged. */
  mount: string;
  judgedFrom: string;
  durability: Durability;
  /** What becomes of the saves while it lasts. */
  meanwhile: 'resolve' | 'reject' | 'wait';
  /** Whether it cuts off the watching client, too. */
  cutsOffWatcher?: boolean;
  begin(): Promise<void>;
  end(): Promise<void>;
  /** Makes the other client forget what it has cached: GlusterFS and the kernel keep names for a second. */
  refresh(): Promise<void>;
}

export function clusterFaults(cluster: Cluster): Fault[] {
  const on = {
    mount: cluster.mountOf(1),
    judgedFrom: cluster.mountOf(2),
    durability: 'durable',
    refresh: () => cluster.mountClient(2),
  } as const;
  return [
    {
      ...on,
      name: 'a brick is killed',
      meanwhile: 'resolve',
      begin: () => cluster.killBrick(1),
      end: () => cluster.reviveBricks(),
    },
    {
      ...on,
      name: 'two of three nodes are cut off',
      meanwhile: 'reject',
      cutsOffWatcher: true,
      begin: () => cluster.cut('node-2', 'node-3'),
      end: () => cluster.join('node-2', 'node-3'),
    },
    {
      ...on,
      name: 'the client is cut off',
      meanwhile: 'reject',
      begin: () => cluster.cut('client-1'),
      end: () => cluster.join('client-1'),
    },
    {
      ...on,
      name: 'the client is killed',
      meanwhile: 'reject',
      begin: () => cluster.killClient(1),
      end: () => cluster.mountClient(1),
    },
  ];
}

export function sshfsFaults(sshfs: Sshfs): Fault[] {
  const on = {
    mount: sshfs.mount,
    judgedFrom: sshfs.source,
    durability: 'ordered',
    refresh: async () => undefined,
  } as const;
  return [
    {
      ...on,
      name: 'the server stops for two seconds',
      meanwhile: 'wait',
      begin: () => sshfs.stopServer(),
      end: async () => sshfs.continueServer(),
    },
    {
      ...on,
      name: 'the server is killed',
      meanwhile: 'reject',
      begin: () => sshfs.killServer(),
      end: () => sshfs.connect(),
    },
  ];
}

/** How many saves of each process come before the fault, during it if they can, and after it. */
const SAVES = 10;
const WAIT_MS = 2000;

/** Lets processes save, breaks something, mends it, and judges what is there from elsewhere. */
export async function injectFault(fault: Fault): Promise<PartResult> {
  const { mount, judgedFrom, durability, meanwhile, cutsOffWatcher = false } = fault;
  const folder = fault.name.replaceAll(' ', '-');
  const start = async (
    group: string,
    recipe: SaverTask['recipe'],
    names: string[],
  ): Promise<SaverProcess> => {
    const directory = join(mount, folder, group);
    await mkdir(directory, { recursive: true });
    return new SaverProcess({ directory, names, recipe, durability });
  };
  const savers = [
    await start('save', 'save', ['a', 'b', 'c', 'd']),
    await start('save', 'save', ['e', 'f', 'g', 'h']),
  ];
  const killed = await start('save', 'save', ['i', 'j', 'k', 'l']);
  const inPlace = await start('in-place', 'writes in place', ['a', 'b']);
  const early = await start('early', 'acknowledges early', ['a', 'b', 'c', 'd']);
  const seenFrom = ({ task }: SaverProcess): string =>
    join(judgedFrom, folder, task.directory.split('/').at(-1) ?? '');
  const acknowledged = async (what: string, of = savers): Promise<void> => {
    const before = of.map(({ acknowledgements }) => acknowledgements);
    await until(`saves ${what}`, () =>
      of.every(({ acknowledgements }, index) => acknowledgements >= (before[index] ?? 0) + SAVES),
    );
  };
  await acknowledged('before the fault', [...savers, early]);
  const watcher = new Watcher([...savers, killed], join(judgedFrom, folder, 'save'), {
    losesServers: cutsOffWatcher,
  });
  const watcherInPlace = new Watcher([inPlace], seenFrom(inPlace));

  const errorsBefore = savers.flatMap(({ errors }) => errors).length;
  await fault.begin();
  if (meanwhile === 'resolve') await acknowledged('in spite of the fault');
  else if (meanwhile === 'wait') await pause(WAIT_MS);
  else await until('errors of the fault', () => savers.every(({ errors }) => errors.length > 0));
  // Processes that wait for a server end only when it answers.
  const kills = Promise.all([killed.kill(), early.kill()]);
  await fault.end();
  await kills;
  await acknowledged('after the fault');
  // On a busy machine the control is slow, and is read seldom.
  await until('a torn file of the control', () =>
    watcherInPlace.findings.some(({ kind }) => kind === 'torn'),
  );
  await Promise.all([...savers, inPlace].map((saver) => saver.end()));
  await Promise.all([watcher.end(), watcherInPlace.end()]);

  await fault.refresh();
  const saved = [...savers, killed];
  const judged = (await Promise.all(saved.map((saver) => judge(saver, seenFrom(saver))))).flat();
  const errors = saved.flatMap((saver) => saver.errors);
  const directory = join(judgedFrom, folder, 'save');
  const swept = await sweep(directory);
  const expected = new Set(saved.flatMap(({ task }) => task.names));
  const left = (await readdir(directory)).filter((name) => !expected.has(name));
  const torn = [...watcherInPlace.findings, ...(await judge(inPlace, seenFrom(inPlace)))];
  const lost = await judge(early, seenFrom(early));
  return resultOf(
    [
      {
        what: 'every file is whole at any time',
        against: described([...watcher.findings, ...judged], 'torn'),
      },
      {
        what: 'every file is there at any time',
        against: [
          ...described([...watcher.findings, ...judged], 'missing'),
          ...described(judged, 'unreadable'),
        ],
      },
      ...(durability === 'durable'
        ? [
            { what: 'every acknowledged save is there', against: described(judged, 'lost') },
            {
              what: 'a lost save is seen',
              against: lost.some(({ kind }) => kind === 'lost') ? [] : ['none was'],
            },
          ]
        : []),
      {
        what: "every error has a code and 'published'",
        against: errors
          .filter(({ code, published }) => typeof code !== 'string' || typeof published !== 'boolean')
          .map(({ message }) => message),
      },
      { what: 'sweep removes everything that is left', against: left },
      { what: 'a torn file is seen', against: torn.some(({ kind }) => kind === 'torn') ? [] : ['none was'] },
    ],
    `${saved.reduce((sum, { acknowledgements }) => sum + acknowledgements, 0)} saves, ${watcher.reads} reads, ` +
      `errors: ${tally(errors.map(({ code, published }) => `${code}${published ? ' published' : ''}`))}` +
      `${errorsBefore > 0 ? ` (${errorsBefore} before the fault)` : ''}, swept: ${swept.length}, ` +
      `controls: ${tally([...torn, ...lost].map(({ kind }) => kind))}`,
  );
}

export function described(findings: readonly Finding[], wanted: Finding['kind']): string[] {
  return findings.filter(({ kind }) => kind === wanted).map(({ detail }) => detail);
}

export function tally(words: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  return [...counts].map(([word, count]) => `${count} ${word}`).join(', ') || 'none';
}
