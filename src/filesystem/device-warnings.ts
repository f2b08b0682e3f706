import type { Device } from './device.js';
import { isInMemory } from './filesystem-types.js';
import type { Warning } from './warning.js';

/** Warns where a flushed write may not survive, for a device and all devices below it. */
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
  if (kind === 'memory') return `${name} is in memory: nothing on it survives power loss.`;
  if (backing?.filesystem === undefined || !isInMemory(backing.filesystem)) return undefined;
  return `${name} is the file ${backing.path} on ${backing.filesystem}, which is in memory.`;
}

/** The kernel sends no flush to a device with the cache type `write through`. */
function describeDoubtfulCache({ name, kind, bus, writeCache, reportedCache }: Device): string | undefined {
  if (writeCache !== 'write through') return undefined;
  if (reportedCache === 'write back') {
    return `${name} has a cache that loses writes, but queue/write_cache tells the kernel not to flush it.`;
  }
  // drivers/scsi/sd.c, sd_read_cache_type: "Assuming drive cache: write through"
  if (bus === 'usb') {
    return (
      `${name} is a USB disk that the kernel never flushes, because it reports no cache. Many enclosures ` +
      'report no cache although their disk has one.'
    );
  }
  if (bus === 'virtio' || bus === 'xen' || kind === 'network') {
    return (
      `${name} offers no flush, so a sync is only safe if its host or server writes everything through. ` +
      'That cannot be checked from here.'
    );
  }
  return undefined;
}
