import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { SYSTEM_PATH } from '../command.js';
import { type DiskFormat, sizeOf } from '../filesystems.js';
import { Workspace } from '../workspace.js';
import { debianKernel, type Kernel, type KernelSeries } from './debian-kernel.js';
import { MachineControl } from './machine-control.js';

/** The serial line of the guest that carries its lines. The first one is the kernel's console. */
export const SERIAL = '/dev/ttyS1';
/** What a guest says on that line when it has started. */
export const READY = 'ready';
/**
 * How each guest begins. The kernel has looked for partitions on the disks, which were empty then: nothing of that may
 * be in its caches.
 */
export const BEGINNING = `
stty -F ${SERIAL} raw -echo
exec 3<>${SERIAL}
for disk in /dev/vd?; do blockdev --flushbufs $disk; done
`;

/** The guest has one disk for each format. Those that a run does not use read as zeros. */
const DISKS: Readonly<Record<DiskFormat, string>> = { ext4: '/dev/vda', xfs: '/dev/vdb', btrfs: '/dev/vdc' };
const FORMATS = Object.keys(DISKS) as DiskFormat[];

type Qemu = ChildProcessByStdio<Writable, Readable, null>;

/** A kind of guest. */
export interface GuestOptions {
  kernel: Kernel;
  initramfs: string;
  memoryMib: number;
  processors: number;
}

/** The disk of a run. */
export interface GuestDisk {
  format: DiskFormat;
  /** The options of QEMU's block layer. */
  drive: string;
}

/** Where a guest finds the disk of a format. */
export function guestDevice(format: DiskFormat): string {
  return DISKS[format];
}

/** A machine that runs. */
export class Guest {
  readonly #qemu: Qemu;
  readonly #console: string;
  readonly #ended: Promise<unknown>;
  readonly lines: AsyncIterableIterator<string>;

  constructor(qemu: Qemu, console: string) {
    this.#qemu = qemu;
    this.#console = console;
    this.#ended = once(qemu, 'close');
    this.lines = createInterface(qemu.stdout)[Symbol.asyncIterator]();
  }

  /** Writes to its serial line. */
  send(text: string): void {
    this.#qemu.stdin.write(text);
  }

  /** What its kernel has printed. */
  console(): string {
    return readFileSync(this.#console, 'utf8');
  }

  /** Ends it if it has not ended by itself. */
  async end(): Promise<void> {
    this.#qemu.kill('SIGKILL');
    await this.#ended;
  }
}

/**
 * A guest that has started and waits for its first line, in two files: its memory, and the state of its devices. Each
 * machine that is started from them maps the memory privately, so nothing is copied until it is written to. (QEMU's
 * capability `x-ignore-shared` leaves shared memory out of a migration.)
 */
export class GuestSnapshot {
  readonly #options: GuestOptions;
  readonly #memory: string;
  readonly #devices: string;

  private constructor(options: GuestOptions, memory: string, devices: string) {
    this.#options = options;
    this.#memory = memory;
    this.#devices = devices;
  }

  /**
   * Boots the guest and saves it when it is ready.
   *
   * @param workspace where the files are. It must exist as long as the snapshot.
   * @throws with the guest's console if it does not become ready.
   */
  static async make(workspace: Workspace, name: string, options: GuestOptions): Promise<GuestSnapshot> {
    const memory = workspace.path(`${name}.memory`);
    const devices = workspace.path(`${name}.devices`);
    const snapshot = new GuestSnapshot(options, memory, devices);
    const { kernel, initramfs } = options;
    const { guest, control } = await snapshot.#start(workspace, name, [
      ...['-kernel', kernel.image, '-initrd', initramfs, '-append', 'console=ttyS0 panic=-1 quiet'],
      ...snapshot.#memoryOptions('on'),
      ...FORMATS.flatMap((format) => drive(emptyDisk(format))),
    ]);
    try {
      const { value } = await guest.lines.next();
      if (value !== READY) throw new Error(`the guest did not start:\n${guest.console()}`);
      await control.execute('migrate', { uri: `exec:cat >'${devices}'` });
      await control.until('query-migrate', 'completed');
    } finally {
      control.close();
      await guest.end();
    }
    await rm(initramfs);
    return snapshot;
  }

  /** A new machine, which continues where the guest was saved. */
  async start(workspace: Workspace, name: string, disk: GuestDisk): Promise<Guest> {
    const { guest, control } = await this.#start(workspace, name, [
      ...this.#memoryOptions('off'),
      ...FORMATS.flatMap((format) => drive(format === disk.format ? disk.drive : emptyDisk(format))),
      ...['-incoming', 'defer'],
    ]);
    await control.execute('migrate-incoming', { uri: `exec:cat '${this.#devices}'` });
    // The serial line would lose what arrives before the state of the devices is there.
    await control.until('query-status', 'running');
    control.close();
    return guest;
  }

  async #start(workspace: Workspace, name: string, more: readonly string[]) {
    const console = workspace.path(`${name}.console`);
    const monitor = workspace.path(`${name}.monitor`);
    const control = await MachineControl.listen(monitor);
    const { processors, memoryMib } = this.#options;
    const qemu = spawn(
      // If the lab is killed, the guest must not continue to write to a disk that is being cleaned up.
      'setpriv',
      [
        ...['--pdeathsig', 'KILL', 'qemu-system-x86_64', '-accel', 'tcg', '-cpu', 'max'],
        ...['-machine', 'pc,memory-backend=memory', '-m', String(memoryMib), '-smp', String(processors)],
        ...['-nodefaults', '-no-reboot', '-display', 'none'],
        // With a new number for each machine, Linux 6.12 seeds its random numbers anew. Linux 6.1 does not.
        ...['-device', 'vmgenid,guid=auto'],
        ...['-serial', `file:${console}`, '-serial', 'stdio'],
        ...['-chardev', `socket,id=monitor,path=${monitor}`, '-mon', 'chardev=monitor,mode=control'],
        ...more,
      ],
      { stdio: ['pipe', 'pipe', 'inherit'], env: { ...process.env, PATH: SYSTEM_PATH } },
    );
    const guest = new Guest(qemu, console);
    await control.connected();
    await control.execute('migrate-set-capabilities', {
      capabilities: [{ capability: 'x-ignore-shared', state: true }],
    });
    return { guest, control };
  }

  #memoryOptions(share: 'on' | 'off'): string[] {
    const size = `${this.#options.memoryMib}M`;
    return ['-object', `memory-backend-file,id=memory,size=${size},mem-path=${this.#memory},share=${share}`];
  }
}

/** Makes a snapshot when it is first needed, one for each kernel in this process. */
export function oncePerKernel(
  make: (workspace: Workspace, kernel: Kernel) => Promise<GuestSnapshot>,
): (series: KernelSeries) => Promise<GuestSnapshot> {
  const snapshots = new Map<KernelSeries, Promise<GuestSnapshot>>();
  // The workspace is removed when this process ends.
  const start = async (series: KernelSeries) => make(await Workspace.create(), await debianKernel(series));
  return (series) => {
    const snapshot = snapshots.get(series) ?? start(series);
    snapshots.set(series, snapshot);
    return snapshot;
  };
}

function emptyDisk(format: DiskFormat): string {
  return `driver=null-co,read-zeroes=on,size=${sizeOf({ format })}`;
}

function drive(options: string): string[] {
  return ['-drive', `if=virtio,cache=writeback,discard=unmap,${options}`];
}
