import { spawn } from 'node:child_process';
import { mkdirSync, openSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { command } from '../lab/command.js';
import { typeMountedOn } from './mounted.js';
import { killProcess, pidIn, processEnds } from './process.js';
import { until } from './wait.js';

export const NODES = [1, 2, 3] as const;
const CLIENTS = [1, 2] as const;
export type Node = (typeof NODES)[number];
export type Client = (typeof CLIENTS)[number];

const VOLUME = 'files';
const SUBNET = '10.0.0';
/** Where glusterd looks for the program of geo-replication. It is asked for its version nine times, in Python. */
const GSYNCD = '/usr/lib/*/glusterfs/gsyncd';

/** A peer that is gone is noticed after a few seconds, in place of 42. */
const OPTIONS = {
  'network.ping-timeout': 3,
  'server.tcp-user-timeout': 3,
  'client.tcp-user-timeout': 3,
};

/** A GlusterFS that keeps each file on three nodes. Each node and each client has a network namespace. */
export class Cluster {
  readonly #directory: string;
  /** The processes of glusterd, each with its node's view of the files. */
  readonly #nodes = new Map<Node, number>();

  private constructor(directory: string) {
    this.#directory = directory;
  }

  /** @param directory of the lab, with a disk for the bricks in `disk`. */
  static async start(directory: string): Promise<Cluster> {
    const cluster = new Cluster(directory);
    await cluster.#start();
    return cluster;
  }

  /** Where a client's mount is. All processes of the lab may use it. */
  mountOf(client: Client): string {
    return join(this.#directory, `client-${client}`);
  }

  /**
   * If quorum is lost in the middle of a rename, GlusterFS may not know which brick has the right version of a name, and
   * without a policy it then refuses every call on the file until an administrator decides
   * (xlators/cluster/afr/src/afr-self-heal-entry.c, __afr_selfheal_entry_finalize_source: a conservative merge where a
   * witness exists). With `mtime` it may choose the newest one even if only one brick has it, without its data, and
   * give it to the others (docs/networks.md).
   */
  async chooseByMajority(): Promise<void> {
    await this.#insist('volume', 'set', VOLUME, 'cluster.favorite-child-policy', 'majority');
  }

  async killBrick(node: Node): Promise<void> {
    const pids = join(this.#directory, `node-${node}/run/gluster/vols`, VOLUME);
    const [file] = readdirSync(pids).filter((name) => name.endsWith('.pid'));
    await killProcess(pidIn(join(pids, file ?? '')));
  }

  /** Starts the bricks that do not run. */
  async startBricks(): Promise<void> {
    await this.#insist('volume', 'start', VOLUME, 'force');
  }

  async reviveBricks(): Promise<void> {
    await this.startBricks();
    await this.healed();
  }

  /** Where the lab finds a node's own copy of the files. */
  brickOf(node: Node): string {
    return `/proc/${this.#processOf(node)}/root${this.#brickPath(node)}`;
  }

  /** Mounts a disk in the place of a brick that does not run. With the last process of the node it is unmounted. */
  async mountBrick(node: Node, device: string, type: string): Promise<void> {
    await this.#inNode(node, 'mount', '-t', type, device, this.#brickPath(node));
  }

  async unmountBrick(node: Node): Promise<void> {
    await this.#inNode(node, 'umount', this.#brickPath(node));
  }

  async cut(...peers: (`node-${Node}` | `client-${Client}`)[]): Promise<void> {
    for (const peer of peers) await command('ip', 'link', 'set', peer, 'down');
  }

  async join(...peers: (`node-${Node}` | `client-${Client}`)[]): Promise<void> {
    for (const peer of peers) await command('ip', 'link', 'set', peer, 'up');
    await this.healed();
  }

  async killClient(client: Client): Promise<void> {
    await killProcess(pidIn(join(this.#directory, `client-${client}.pid`)));
  }

  /**
   * Mounts a client's directory, also again after its process was killed.
   *
   * @param preferred the brick that it reads from whenever it may.
   */
  async mountClient(client: Client, preferred?: Node): Promise<void> {
    const directory = this.mountOf(client);
    if (typeMountedOn(directory) !== undefined) {
      await command('umount', '--lazy', directory);
      // Until then it has the file of its process id locked.
      await processEnds(pidIn(`${directory}.pid`));
    }
    await this.#in(
      `client-${client}`,
      'glusterfs',
      ...NODES.map((node) => `--volfile-server=${addressOf(`node-${node}`)}`),
      `--volfile-id=${VOLUME}`,
      `--log-file=${directory}.log`,
      `--pid-file=${directory}.pid`,
      // To GlusterFS every brick is local here: it asks each for the name of its machine.
      ...(preferred === undefined
        ? []
        : ['choose-local=off', `read-subvolume-index=${preferred - 1}`].map(
            (option) => `--xlator-option=${VOLUME}-replicate-0.${option}`,
          )),
      directory,
    );
    await until(`the mount of client ${client}`, () => typeMountedOn(directory) === 'fuse.glusterfs');
  }

  /**
   * Waits until all bricks are there and nothing that the cluster knows of is to be healed.
   *
   * @param before is called before each look.
   */
  async healed(before?: () => Promise<void>): Promise<void> {
    await this.#everyBrickSays(/^Status: Connected\nNumber of entries: 0$/gm, async () => {
      await before?.();
      await this.#gluster('volume', 'heal', VOLUME).catch(() => undefined);
      await pause(500);
    });
  }

  /** Waits until all bricks are there. */
  async connected(): Promise<void> {
    await this.#everyBrickSays(/^Status: Connected$/gm, () => pause(500));
  }

  async #everyBrickSays(line: RegExp, before: () => Promise<void>): Promise<void> {
    let info = '';
    await until('the bricks are healed', async () => {
      await before();
      info = await this.#gluster('volume', 'heal', VOLUME, 'info').catch(String);
      return info.match(line)?.length === NODES.length;
    }).catch((error) => {
      throw new Error(`${error}: ${info}`);
    });
  }

  async #start(): Promise<void> {
    for (const peer of [
      ...NODES.map((node) => `node-${node}`),
      ...CLIENTS.map((client) => `client-${client}`),
    ])
      await this.#connect(peer);
    writeFileSync(join(this.#directory, 'gsyncd'), '#!/bin/sh\necho gsyncd\n', { mode: 0o755 });
    for (const node of NODES) this.#nodes.set(node, this.#startNode(node));
    for (const node of NODES.slice(1)) await this.#insist('peer', 'probe', addressOf(`node-${node}`));
    const bricks = NODES.map((node) => `${addressOf(`node-${node}`)}:${this.#brickPath(node)}`);
    await this.#insist('volume', 'create', VOLUME, 'replica', String(NODES.length), ...bricks, 'force');
    const options = Object.entries(OPTIONS).flatMap(([name, value]) => [name, String(value)]);
    await this.#insist('volume', 'set', VOLUME, ...options);
    await this.#insist('volume', 'start', VOLUME);
    for (const client of CLIENTS) {
      mkdirSync(this.mountOf(client));
      await this.mountClient(client);
    }
    await this.healed();
  }

  /** Makes a network namespace with a cable to the lab's bridge; the cable's end here has the peer's name. */
  async #connect(peer: string): Promise<void> {
    await command('ip', 'netns', 'add', peer);
    await command('ip', 'link', 'add', peer, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', peer);
    await command('ip', 'link', 'set', peer, 'master', 'bridge', 'up');
    await command('ip', '-n', peer, 'addr', 'add', `${addressOf(peer)}/24`, 'dev', 'eth0');
    for (const device of ['eth0', 'lo']) await command('ip', '-n', peer, 'link', 'set', device, 'up');
  }

  /** A glusterd, and the bricks that it starts, see their own sockets, state and logs. Returns its process. */
  #startNode(node: Node): number {
    const own = join(this.#directory, `node-${node}`);
    for (const name of ['run', 'state', 'log']) mkdirSync(join(own, name), { recursive: true });
    const output = openSync(join(own, 'log/output'), 'w');
    const script = `
      mount --bind "$1/run" /run
      mount --bind "$1/state" /var/lib/glusterd
      mount --bind "$1/log" /var/log/glusterfs
      for program in ${GSYNCD}; do mount --bind "$1/../gsyncd" "$program"; done
      exec glusterd --no-daemon`;
    const args = [`--net=/run/netns/node-${node}`, 'unshare', '--mount', 'sh', '-e', '-c', script, 'sh', own];
    const { pid } = spawn('nsenter', args, { stdio: ['ignore', output, output] });
    if (pid === undefined) throw new Error('nsenter was not started');
    return pid;
  }

  #in(peer: string, ...words: string[]): Promise<string> {
    return command('nsenter', `--net=/run/netns/${peer}`, ...words);
  }

  /** Repeats a command as long as a glusterd has not started or the peers do not know each other. */
  async #insist(...words: string[]): Promise<void> {
    let reason: unknown;
    const succeeds = (): Promise<boolean> =>
      this.#gluster(...words).then(
        () => true,
        (error) => {
          reason = error;
          return false;
        },
      );
    await until(`gluster ${words.join(' ')}`, succeeds).catch((error) => {
      throw new Error(`${error}: ${reason}`);
    });
  }

  #gluster(...words: string[]): Promise<string> {
    return this.#inNode(1, 'gluster', '--mode=script', ...words);
  }

  #inNode(node: Node, ...words: string[]): Promise<string> {
    return command('nsenter', `--target=${this.#processOf(node)}`, '--mount', '--net', ...words);
  }

  #processOf(node: Node): number {
    const pid = this.#nodes.get(node);
    if (pid === undefined) throw new Error(`node ${node} was not started`);
    return pid;
  }

  #brickPath(node: Node): string {
    return join(this.#directory, `disk/brick-${node}`);
  }
}

function addressOf(peer: string): string {
  const number = Number(peer.at(-1));
  return `${SUBNET}.${peer.startsWith('node') ? 10 + number : 20 + number}`;
}
