import type { Device } from '../../src/filesystem/device.js';
import { type Machine, thisMachine } from '../../src/filesystem/machine.js';

/** The number of completed flush requests is the sixteenth (Documentation/block/stat.rst, since Linux 5.5). */
const FLUSHES = 15;

/**
 * Counts the cache flushes that the kernel has sent to the disks under a filesystem, those of other programs included.
 * A kernel that takes a disk to have no cache sends none.
 */
export class FlushCounter {
  readonly #machine: Machine;
  readonly #files: string[];

  private constructor(machine: Machine, files: string[]) {
    this.#machine = machine;
    this.#files = files;
  }

  /** @returns `undefined` where the kernel does not count flushes. */
  static under(device: Device | undefined, machine: Machine = thisMachine): FlushCounter | undefined {
    if (device === undefined) return undefined;
    const files = disksOf(device).map(({ major, minor }) => `/sys/dev/block/${major}:${minor}/stat`);
    const counter = new FlushCounter(machine, files);
    return files.length > 0 && Number.isFinite(counter.now()) ? counter : undefined;
  }

  /** The number of flushes since the machine was started. */
  now(): number {
    return this.#files.reduce((sum, file) => sum + this.#read(file), 0);
  }

  #read(file: string): number {
    return Number(this.#machine.read(file)?.trim().split(/ +/)[FLUSHES] ?? Number.NaN);
  }
}

/** Partitions, device-mapper volumes and arrays pass flushes on. Only the disk below counts them. */
function disksOf(device: Device): Device[] {
  return device.below.length === 0 ? [device] : device.below.flatMap(disksOf);
}
