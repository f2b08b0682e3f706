/** The lab inside its namespaces (in-namespaces.sh). */
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { PROJECT_ROOT } from '../lab/project-root.js';
import { FILESYSTEMS, runBehaviour } from './behaviour.js';
import { Cluster } from './cluster.js';
import { clusterFaults, injectFault, sshfsFaults } from './faults.js';
import { mountBindfs, Sshfs } from './fuse.js';
import { Results } from './results.js';
import { compareSpeed } from './speed.js';
import { abortWhileStopped } from './stalled.js';
import { updateOnTwoClients, updateWithoutLock } from './updates.js';

const PARTS = ['behaviour', 'faults', 'update', 'abort', 'speed'] as const;

const {
  all = false,
  json,
  on,
  part,
} = parseArgs({
  options: {
    all: { type: 'boolean' },
    json: { type: 'string' },
    on: { type: 'string' },
    part: { type: 'string' },
  },
}).values;
const parts = new Set(part?.split(',') ?? PARTS);
const filesystems = FILESYSTEMS.filter((name) => on === undefined || on.split(',').includes(name));
const directory = join(PROJECT_ROOT, 'build/network');
const results = new Results();
const cluster = await Cluster.start(directory);
const sshfs = await Sshfs.start(directory);
const bindfs = await mountBindfs(directory);

if (parts.has('behaviour')) {
  const mounts = { glusterfs: cluster.mountOf(1), sshfs: sshfs.mount, bindfs: bindfs.mount } as const;
  for (const filesystem of filesystems) {
    // Tests act as other users, too.
    chmodSync(mounts[filesystem], 0o1777);
    for (const engine of ['native', 'portable'] as const) {
      await results.run(filesystem, `behaviour, ${engine} engine`, () =>
        runBehaviour(filesystem, engine, mounts[filesystem], all),
      );
    }
  }
}
if (parts.has('update')) {
  await results.run('glusterfs', 'update on two clients', () => updateOnTwoClients(cluster, 100));
  await results.run('sshfs', 'update without a lock', () => updateWithoutLock(sshfs));
}
if (parts.has('abort')) {
  await results.run('sshfs', 'aborted saves with a stopped server', () =>
    abortWhileStopped(sshfs, directory),
  );
}
if (parts.has('speed')) {
  const name = '64 saves at once';
  await results.run('glusterfs', name, () => compareSpeed(cluster.mountOf(1)));
}
if (parts.has('faults')) {
  for (const fault of clusterFaults(cluster))
    await results.run('glusterfs', fault.name, () => injectFault(fault));
  for (const fault of sshfsFaults(sshfs)) await results.run('sshfs', fault.name, () => injectFault(fault));
}
results.finish(json);
