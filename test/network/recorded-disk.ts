import { readFileSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { diskSizeOf } from '../lab/attached-disk.js';
import { parseBlockLog, RequestCounter } from '../lab/block-log.js';
import { loggedImage, serveBlocks } from '../lab/block-server.js';
import { command } from '../lab/command.js';
import { type CrashState, pendingAt } from '../lab/crash-states.js';
import { attachLoop, detachLoop, format, makeImage, unmount } from '../lab/filesystems.js';
import { type LabMount, untornOf } from '../lab/mounts.js';
import { Random } from '../lab/random.js';
import { StateImage } from '../lab/state-image.js';
import type { Cluster, Node } from './cluster.js';

/** The disk of a brick. It logs every write and flush, and can lose its power. */
export class RecordedDisk {
  readonly #cluster: Cluster;
  readonly #node: Node;
  readonly #mount: LabMount;
  readonly #directory: string;
  /** Each time that the disk is attached it has an image and a log of its own. */
  #attached = 0;

  private constructor(cluster: Cluster, node: Node, mount: LabMount, directory: string) {
    this.#cluster = cluster;
    this.#node = node;
    this.#mount = mount;
    this.#directory = directory;
  }

  /** Moves a brick, as it is, to a new disk. It does not run then. */
  static async replace(
    cluster: Cluster,
    node: Node,
    mount: LabMount,
    directory: string,
  ): Promise<RecordedDisk> {
    const disk = new RecordedDisk(cluster, node, mount, directory);
    await mkdir(directory);
    await makeImage(disk.#base, diskSizeOf(mount));
    await format(mount, disk.#base);
    const copy = join(directory, 'copy');
    await mkdir(copy);
    await command('mount', '-t', mount.format, '-o', 'loop', disk.#base, copy);
    await rm(join(copy, 'lost+found'), { recursive: true, force: true });
    await cluster.killBrick(node);
    await command('cp', '-a', `${cluster.brickOf(node)}/.`, copy);
    await unmount(copy);
    await disk.#attach();
    return disk;
  }

  /** How many requests the disk has completed since it was attached. */
  position(): number {
    const counter = new RequestCounter(this.#path('log'));
    const position = counter.now();
    counter.close();
    return position;
  }

  /**
   * Gives the disk, whose brick does not run, the content of a crash state, and mounts it. The kernel replays its journal.
   * With `none` pending the power fails at the position, and otherwise at any later moment while the kernel writes back what
   * it has in memory.
   *
   * @returns how many requests might have been lost.
   */
  async crash({ position, pending, seed }: CrashState): Promise<number> {
    await this.#cluster.unmountBrick(this.#node);
    await unmount(this.#path('disk'));
    const log = parseBlockLog(readFileSync(this.#path('log')));
    const later = pending === 'none' ? 0 : new Random(seed).below(log.requests.length - position + 1);
    const state = { position: position + later, pending, seed };
    const crashed = this.#path('crashed');
    const size = diskSizeOf(this.#mount);
    await makeImage(crashed, size);
    const image = new StateImage(crashed, this.#base, size, log, untornOf(this.#mount));
    image.become(state);
    image.close();
    await rename(crashed, this.#base);
    for (const name of ['image', 'log']) await rm(this.#path(name));
    await this.#attach();
    return pendingAt(log.requests, state.position).length;
  }

  async #attach(): Promise<void> {
    this.#attached += 1;
    const [image, log] = [this.#path('image'), this.#path('log')];
    await command('cp', '--sparse=always', this.#base, image);
    await makeImage(log, 0);
    const server = ['qemu-nbd', '--discard=unmap', '--image-opts', loggedImage(image, log)];
    const device = await attachLoop(await serveBlocks(this.#path('disk'), server));
    await this.#cluster.mountBrick(this.#node, device, this.#mount.format);
    // It is detached when it is unmounted, also by the end of the lab.
    await detachLoop(device);
  }

  /** The disk as it was when it was attached. */
  get #base(): string {
    return join(this.#directory, 'base');
  }

  #path(name: string): string {
    return join(this.#directory, `${name}-${this.#attached}`);
  }
}
