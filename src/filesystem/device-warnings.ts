import type { Device } from './device.js';
import { isInMemory } from './filesystem-types.js';
import type { Warning } from './warning.js';

/** What makes it doubtful that a flushed write survives, on a device and on everything that it is made of. */
export function findDeviceWarnings(device: Device): Warning[] {
  const { backing, below } = device;
  const warnings: Warning[] = [];
  const memory = describeMemory(device);
  if (memory !== undefined) warnings.push({ code: 'memory-device', message: memory });
  const cache = describeDoubtfulCache(device);
  if (cache !== undefined) warnings.push({ code: 'write-cache', message: cache });
  const parts = backing?.device === undefined ? below : [...below, backing.device];
  return [...warnings, ...parts.flatMap(findDeviceWarnings)];
}

function describeMemory({ name, kind, backing }: Device): string | undefined {
  if (kind === 'memory') return `${name} is in memory: nothing on it survives the end of the power.`;
  if (backing?.filesystem === undefined || !isInMemory(backing.filesystem)) return undefined;
  return `${name} is the file ${backing.path} on ${backing.filesystem}, which is in memory.`;
}

/** The kernel sends no flush to a device that it takes to have no cache, `write through`. */
function describeDoubtfulCache({ name, kind, bus, writeCache, reportedCache }: Device): string | undefined {
  if (writeCache !== 'write through') return undefined;
  if (reportedCache === 'write back') {
    return `${name} has a cache that loses writes, but the kernel has been told not to flush it (queue/write_cache).`;
  }
  // drivers/scsi/sd.c, sd_read_cache_type: "Assuming drive cache: write through"
  if (bus === 'usb') {
    return (
      `${name} is a USB disk that the kernel never flushes, because it reports no cache. Many enclosures report none ` +
      'in front of a disk that has one.'
    );
  }
  if (bus === 'virtio' || bus === 'xen' || kind === 'network') {
    return (
      `${name} offers no flush, so syncs rely on its host or server to write everything through. Whether that does ` +
      'cannot be seen from here.'
    );
  }
  return undefined;
}
