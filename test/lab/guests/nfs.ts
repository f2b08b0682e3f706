import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { format, makeImage } from '../filesystems.js';
import { VirtualMachine } from '../kernels/virtual-machine.js';
import { PROJECT_ROOT } from '../project-root.js';
import { Workspace } from '../workspace.js';
import { checkCalls, NODE, PROGRAMS } from './checked-calls.js';

// NFSv4.2 between two virtual machines: a server, which is a client of itself too, and a client. By hand:
//   npm run test:nfs [part ...]
// where the parts are `calls`, `updates`, `restart`, `cut` and `power`.

const SERVER = '10.99.0.1';
const CLIENT = '10.99.0.2';
const PORT = 20_490;
const MOUNT = '/mnt/nfs';
const EXPORT = '/mnt/disk/export';
const UPDATES = 100;

/** The state of the server's clients is on the disk, so that they keep their files when it starts again. */
const MOUNT_DISK = `mkdir -p /mnt/disk && mount /dev/vda /mnt/disk && mkdir -p ${EXPORT} /mnt/disk/state`;
const SERVE = `
mount --bind /mnt/disk/state /var/lib/nfs
mkdir -p /var/lib/nfs/nfsdcld /var/lib/nfs/v4recovery /run/rpc_pipefs
touch /var/lib/nfs/etab /var/lib/nfs/rmtab
mount -t rpc_pipefs rpc_pipefs /run/rpc_pipefs && mount -t nfsd nfsd /proc/fs/nfsd
nfsdcld -p /run/rpc_pipefs/nfs || echo 'no nfsdcld'
exportfs -o rw,sync,no_root_squash,no_subtree_check,fsid=0 '*:${EXPORT}'
rpc.mountd -N 2 -N 3 || rpc.mountd
rpc.nfsd -N 3 -G 30 -L 30 4
`;
const mountOf = (server: string): string =>
  `mkdir -p ${MOUNT} && mount -t nfs -o vers=4.2,hard ${server}:/ ${MOUNT}`;

const report = (what: string, result: unknown): void => {
  console.log(`${new Date().toISOString().slice(11, 19)} ${what}: ${JSON.stringify(result)}`);
};

/** Waits until the client waits for its peer (proc_net_tcp: state 0A). */
async function listening(): Promise<void> {
  const socket = `0100007F:${PORT.toString(16).toUpperCase()} 00000000:0000 0A`;
  while (!readFileSync('/proc/net/tcp', 'latin1').includes(socket)) await sleep(100);
}

/** What is done with the disk of the server before it serves. */
type Look = (server: VirtualMachine) => Promise<void>;

class Pair {
  readonly client: VirtualMachine;
  readonly #start: (look: Look) => Promise<VirtualMachine>;
  server: VirtualMachine;

  private constructor(
    server: VirtualMachine,
    client: VirtualMachine,
    start: (look: Look) => Promise<VirtualMachine>,
  ) {
    this.server = server;
    this.client = client;
    this.#start = start;
  }

  static async start(workspace: Workspace): Promise<Pair> {
    const disk = workspace.path('disk');
    await makeImage(disk, 256 * 1024 * 1024);
    await format({ format: 'ext4' }, disk);
    let boots = 0;
    const startServer = async (look: Look): Promise<VirtualMachine> => {
      boots += 1;
      await listening();
      const network = [{ connect: PORT, address: SERVER }];
      const name = `server${boots}`;
      const server = await VirtualMachine.start(workspace, '6.12', { name, disks: [disk], network });
      await server.run(MOUNT_DISK);
      await look(server);
      report(name, await server.run(SERVE));
      return server;
    };
    // The client waits for its peer, and for the next one when that has ended.
    const network = [{ listen: PORT, address: CLIENT }];
    const starting = VirtualMachine.start(workspace, '6.12', { name: 'client', network });
    const [client, server] = await Promise.all([starting, startServer(async () => {})]);
    const pair = new Pair(server, client, startServer);
    await Promise.all([server.run(mountOf('127.0.0.1')), client.run(mountOf(SERVER))]);
    report('mounted', await client.run(`grep ' ${MOUNT} ' /proc/self/mountinfo; stat -f -c %t ${MOUNT}`));
    return pair;
  }

  /** Starts the server again after its power was cut. @param look is called before it serves. */
  async restartServer(look: (server: VirtualMachine) => Promise<void>): Promise<void> {
    this.server = await this.#start(look);
  }

  async kill(): Promise<void> {
    await Promise.all([this.server.kill(), this.client.kill()]);
  }
}

/** Every call, with both engines. Renames of NFS have no flags. */
async function calls({ client }: Pair): Promise<void> {
  const refusable =
    /^(exchange|renameExclusive|renameDirectory|replace(Empty)?Directory|update(?!Thread|KeepPrevious))/;
  for (const engine of ['native', 'portable'] as const) {
    if (!(await checkCalls(client, `${MOUNT}/${engine}`, engine, refusable))) process.exitCode = 1;
  }
}

/** Two processes on each of two clients add to one number, while another reads it. */
async function updates({ server, client }: Pair): Promise<void> {
  const number = `${MOUNT}/number`;
  await client.run(`echo -n 0 > ${number}`);
  const polling = server.attempt(`timeout 2000 ${NODE} ${PROGRAMS}/versions.mjs poll ${number}`);
  const options = JSON.stringify({ timeout: 600_000, retries: 1000 });
  const update = `timeout 1800 ${NODE} ${PROGRAMS}/update-counter.mjs ${number} ${UPDATES} 1 '${options}'`;
  const start = Date.now();
  const ends = await Promise.all([server, server, client, client].map((machine) => machine.attempt(update)));
  const seconds = (Date.now() - start) / 1000;
  for (const { status, output } of ends)
    if (status !== 0) report('an update was refused', output.slice(0, 400));
  const found = Number(await client.run(`cat ${number}`));
  report('updates', { asked: 4 * UPDATES, found, seconds });
  await client.run(`touch ${number}.stop`);
  const { output } = await polling;
  report('polled', output);
  const refused = ends.some(({ status }) => status !== 0);
  if ((!refused && found !== 4 * UPDATES) || !output.includes('"missing":0')) process.exitCode = 1;
}

const versionIn = async (server: VirtualMachine, file: string): Promise<number> =>
  Number(await server.run(`${NODE} ${PROGRAMS}/versions.mjs read ${EXPORT}/${file}`));

const lastAcknowledged = async ({ client }: Pair, file: string): Promise<number> =>
  Number((await client.run(`tail -n 1 /run/${file}`)).split(' ')[0]);

/**
 * Saves while something happens, and compares the version on the server's disk with the last one that was acknowledged
 * before the look at the disk.
 *
 * @param act returns both if it has looked itself.
 */
async function savesDuring(
  pair: Pair,
  file: string,
  act: () => Promise<{ acknowledged: number; found: number } | undefined>,
): Promise<void> {
  const saves = `${NODE} ${PROGRAMS}/versions.mjs save ${MOUNT}/${file} >/run/${file} 2>&1 & echo $! >/run/${file}.pid; wait`;
  const saving = pair.client.attempt(saves);
  await pair.client.run(`until grep -q '^3' /run/${file}; do sleep 0.2; done`);
  const acted = await act();
  const acknowledged = acted?.acknowledged ?? (await lastAcknowledged(pair, file));
  const found = acted?.found ?? (await versionIn(pair.server, file));
  await pair.client.run(
    `until [ $(tail -n 1 /run/${file} | cut -d' ' -f1) -gt ${acknowledged + 2} ]; do sleep 0.2; done`,
  );
  await pair.client.run(`kill $(cat /run/${file}.pid)`);
  const { output } = await saving;
  const swept = await pair.client.run(`${NODE} ${PROJECT_ROOT}/dist/cli/main.js sweep ${MOUNT}`);
  const left = (await pair.server.run(`ls -A ${EXPORT}`)).split('\n').filter((name) => name.startsWith('.'));
  report(file, { acknowledged, found, output, swept, left });
  if (found < acknowledged || left.length > 0) process.exitCode = 1;
}

const PARTS: Record<string, (pair: Pair) => Promise<void>> = {
  restart: (pair) =>
    savesDuring(pair, 'restart', async () => {
      await pair.server.run('rpc.nfsd 0; sleep 3; rpc.nfsd -N 3 -G 30 -L 30 4');
      return undefined;
    }),
  cut: (pair) =>
    savesDuring(pair, 'cut', async () => {
      await pair.client.run('ip link set eth0 down; sleep 5; ip link set eth0 up');
      return undefined;
    }),
  power: (pair) =>
    savesDuring(pair, 'power', async () => {
      await pair.server.kill();
      const acknowledged = await lastAcknowledged(pair, 'power');
      let found = 0;
      await pair.restartServer(async (server) => {
        found = await versionIn(server, 'power');
      });
      return { acknowledged, found };
    }),
  calls,
  updates,
};

const chosen = process.argv.slice(2);
const workspace = await Workspace.create();
try {
  const pair = await Pair.start(workspace);
  try {
    for (const [name, part] of Object.entries(PARTS)) {
      if (chosen.length > 0 && !chosen.includes(name)) continue;
      const start = Date.now();
      await part(pair);
      report(`${name} took`, `${Math.round((Date.now() - start) / 1000)} s`);
    }
  } finally {
    await pair.kill();
  }
} finally {
  await workspace.remove();
}
