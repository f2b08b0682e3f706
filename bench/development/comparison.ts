import { markdownTable } from 'markdown-table';
import { count, duration } from '../measure/amount.js';
import type { Run } from '../measure/report.js';
import { inOrder } from '../report/table.js';

/** The README's comparison of implementations, with this package's in bold: their guarantees, their flushes, and their times on a disk and in memory. */
export function comparisonTable(disk: Run, memory: Run): string {
  const rows = inOrder(disk).map(({ name, package: origin, guarantee, fullDisk, flushes, microseconds }) => {
    const atOnce = disk.byConcurrency.find((point) => point.atOnce === 64)?.results;
    const together = atOnce?.find((result) => result.name === name);
    const inMemory = memory.contenders.find((result) => result.name === name);
    return [
      origin === 'indelible' ? `**${name}**` : name,
      guarantee.powerLoss,
      guarantee.litter === null ? '' : `${Math.round(100 * guarantee.litter)} %`,
      fullDisk ?? '',
      flushes === null ? '' : count(flushes),
      duration(microseconds.median),
      together === undefined ? '' : duration(1e6 / together.perSecond),
      inMemory === undefined ? '' : duration(inMemory.microseconds.median),
    ];
  });
  const head = ['', 'power loss', 'litter', 'full disk', 'flushes', 'alone', '64 at once, each', 'in memory'];
  return markdownTable([head, ...rows], { align: ['l', 'l', 'r', 'l', 'r', 'r', 'r', 'r'] });
}
