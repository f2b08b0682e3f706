import { findingsOf } from '../../../bench/measure/findings.js';
import type { Report, Result } from '../../../bench/measure/report.js';
import type { Device } from '../../../src/filesystem/device.js';
import type { Warning } from '../../../src/filesystem/warning.js';
import { contenderNamed, disk, filesystemOn, reportOf, resultNamed, runOf } from './measured.js';

interface Made {
  machine: string;
  date?: string;
  /** The median of a durable save, in microseconds. Its interval is 5 % to either side. */
  save: number;
  fdatasync?: number;
  interval?: null;
  uuid?: string;
  device?: Partial<Device>;
  flushes?: number;
  warnings?: Warning[];
}

/** The report of a machine with one disk: a rotating one, unless `device` says otherwise. */
export function madeReport({ machine, date, save, fdatasync = save / 2, interval, ...more }: Made): Report {
  const around = <T extends Result>(result: T, median: number): T => ({
    ...result,
    microseconds: {
      ...result.microseconds,
      interval: interval === null ? null : [0.95 * median, 1.05 * median],
    },
  });
  const filesystem = {
    ...filesystemOn(disk({ rotational: true, model: 'Disk 1', ...more.device })),
    warnings: more.warnings ?? [],
  };
  const run = runOf([around(contenderNamed('save, durable', save, 'durable'), save)], {
    filesystem,
    uuid: more.uuid ?? `uuid of ${machine}`,
    baseline: [
      resultNamed('write', 2),
      { ...around(resultNamed('fdatasync', fdatasync), fdatasync), flushes: more.flushes ?? 1 },
    ],
  });
  const report = reportOf({ ...run, findings: findingsOf(run) });
  return {
    ...report,
    date: date ?? '2026-11-30T12:00:00.000Z',
    machine: { ...report.machine, name: machine },
  };
}

/** Six disks of one kind. Of four of them, something is known; the last run of `changed` is the newest. */
export const FLEET: readonly Report[] = [
  madeReport({ machine: 'usual', save: 16_000 }),
  madeReport({ machine: 'usual-too', save: 16_500 }),
  madeReport({ machine: 'slow', save: 90_000 }),
  madeReport({ machine: 'lies', save: 300, fdatasync: 100 }),
  madeReport({ machine: 'changed', save: 16_000, date: '2026-10-30T12:00:00.000Z' }),
  madeReport({ machine: 'changed', save: 17_000, date: '2026-11-15T12:00:00.000Z' }),
  madeReport({ machine: 'changed', save: 24_000 }),
  madeReport({ machine: 'few', save: 90_000, interval: null }),
];

export const FLEET_VERDICTS: Readonly<Record<string, readonly string[]>> = {
  usual: [],
  'usual-too': [],
  slow: ['slow'],
  lies: ['lies'],
  changed: ['changed'],
  few: ['tells nothing'],
};
