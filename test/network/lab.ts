/** The lab inside its namespaces (in-namespaces.sh). */
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type LabMount, MOUNTS } from '../lab/mounts.js';
import { PROJECT_ROOT } from '../lab/project-root.js';
import { FILESYSTEMS, type Filesystem, runBehaviour } from './behaviour.js';
import { crashBrick } from './brick.js';
import { Cluster } from './cluster.js';
import { clusterFaults, injectFault, sshfsFaults } from './faults.js';
import { mountBindfs, Sshfs } from './fuse.js';
import { type PartResult, Results } from './results.js';
import { compareSpeed } from './speed.js';
import { updateBesideReader, updateOnTwoClients, updateWithoutLock } from './updates.js';

/** Of each process: 400 in all. */
const UPDATES = 100;
/** Of two clients beside a program that has the old version open. */
const TURNS = 10;
/** Crash states of a brick's disk. */
const STATES = 8;
const PARTS = ['behaviour', 'faults', 'update', 'speed', 'brick'] as const;

const {
  all = false,
  disk = 'xfs',
  json,
  on,
  part,
  states = String(STATES),
} = parseArgs({
  options: {
    all: { type: 'boolean' },
    disk: { type: 'string' },
    json: { type: 'string' },
    on: { type: 'string' },
    part: { type: 'string' },
    states: { type: 'string' },
  },
}).values;
const parts = new Set(part?.split(',') ?? PARTS);
const filesystems = FILESYSTEMS.filter((name) => on === undefined || on.split(',').includes(name));
const directory = join(PROJECT_ROOT, 'build/network');
const results = new Results();

const LABS: Readonly<Record<Filesystem, () => Promise<void>>> = {
  glusterfs: async () => {
    const cluster = await Cluster.start(directory);
    await runSuite('glusterfs', cluster.mountOf(1));
    await run('update', 'glusterfs', 'update on two clients', () => updateOnTwoClients(cluster, UPDATES));
    await run('update', 'glusterfs', 'update beside a program that has the old version open', () =>
      updateBesideReader(cluster, TURNS),
    );
    await run('speed', 'glusterfs', '64 saves at once', () => compareSpeed(cluster.mountOf(1)));
    await cluster.chooseByMajority();
    for (const fault of clusterFaults(cluster)) {
      await run('faults', 'glusterfs', fault.name, () => injectFault(fault));
    }
    await run('brick', 'glusterfs', `the disk of a brick crashes (${disk})`, () =>
      crashBrick(cluster, diskNamed(disk), directory, Number(states)),
    );
  },
  sshfs: async () => {
    const sshfs = await Sshfs.start(directory);
    await runSuite('sshfs', sshfs.mount);
    await run('update', 'sshfs', 'update without a lock', () => updateWithoutLock(sshfs));
    for (const fault of sshfsFaults(sshfs)) {
      await run('faults', 'sshfs', fault.name, () => injectFault(fault));
    }
  },
  bindfs: async () => {
    await runSuite('bindfs', (await mountBindfs(directory)).mount);
  },
};

function diskNamed(name: string): LabMount {
  const mount = MOUNTS.get(name);
  if (mount === undefined) throw new Error(`no such disk: ${name}`);
  return mount;
}

async function run(
  part: (typeof PARTS)[number],
  filesystem: Filesystem,
  name: string,
  body: () => Promise<PartResult>,
): Promise<void> {
  if (parts.has(part)) await results.run(filesystem, name, body);
}

async function runSuite(filesystem: Filesystem, mount: string): Promise<void> {
  // Tests act as other users, too.
  chmodSync(mount, 0o1777);
  for (const engine of ['native', 'portable'] as const) {
    const name = `behaviour, ${engine} engine`;
    await run('behaviour', filesystem, name, () => runBehaviour(filesystem, engine, mount, all));
  }
}

for (const filesystem of filesystems) await LABS[filesystem]();
results.finish(json);
// Servers and mounts still run. They end with the namespace (in-namespaces.sh).
process.exit();
