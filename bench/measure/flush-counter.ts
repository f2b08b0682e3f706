import type { Device } from '../../src/filesystem/device.js';
import { type Machine, thisMachine } from '../../src/filesystem/machine.js';
import { readDiskStat } from './disk.js';

/** The number of completed flush requests is the sixteenth (Documentation/block/stat.rst, since Linux 5.5). */
const FLUSHES = 15;

/**
 * Counts the cache flushes that the kernel has sent to the disks under a filesystem, those of other programs included.
 * A kernel that takes a disk to have no cache sends none.
 */
export class FlushCounter {
  readonly #machine: Machine;
  readonly #disks: readonly Device[];

  private constructor(machine: Machine, disks: readonly Device[]) {
    this.#machine = machine;
    this.#disks = disks;
  }

  /** @returns `undefined` where the kernel does not count flushes. */
  static under(device: Device | undefined, machine: Machine = thisMachine): FlushCounter | undefined {
    if (device === undefined) return undefined;
    const disks = disksOf(device);
    const counter = new FlushCounter(machine, disks);
    return disks.length > 0 && Number.isFinite(counter.now()) ? counter : undefined;
  }

  /** The number of flushes since the machine was started. */
  now(): number {
    return this.#disks.reduce(
      (sum, disk) => sum + (readDiskStat(this.#machine, disk)?.[FLUSHES] ?? Number.NaN),
      0,
    );
  }
}

/** Partitions, device-mapper volumes and arrays pass flushes on. Only the disk below counts them. */
function disksOf(device: Device): Device[] {
  return device.below.length === 0 ? [device] : device.below.flatMap(disksOf);
}
