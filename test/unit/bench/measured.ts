import type { ContenderResult, Report, Result, Run } from '../../../bench/measure/report.js';
import type { Device } from '../../../src/filesystem/device.js';
import type { Filesystem, PlannedSave } from '../../../src/filesystem/filesystem.js';

/** A result with these medians of its rounds, in microseconds. */
export function resultNamed(name: string, median: number, roundMedians: number[] = [median]): Result {
  return {
    name,
    description: '',
    samples: 1000,
    perSecond: 1e6 / median,
    flushes: null,
    microseconds: {
      median,
      mean: median,
      minimum: median / 2,
      p90: 1.5 * median,
      p99: 2 * median,
      p999: 3 * median,
      maximum: 4 * median,
      interval: null,
      roundMedians,
    },
  };
}

export function contenderNamed(
  name: string,
  median: number,
  durability: ContenderResult['durability'],
  more: Partial<ContenderResult> = {},
): ContenderResult {
  return {
    ...resultNamed(name, median),
    durability,
    package: null,
    asynchronous: true,
    minor: false,
    baselines: median / 2,
    guarantee: { powerLoss: 'untested', litter: null, states: 0 },
    fullDisk: null,
    ...more,
  };
}

/** An ext4 with a journal, on the device. */
export function filesystemOn(device: Device | undefined): Filesystem {
  const plan: PlannedSave = {
    protocol: 'single-commit',
    achieves: 'durable',
    temporary: 'unnamed',
    replaced: 'released',
    steps: [],
  };
  return {
    path: '/somewhere',
    mount: {
      path: '/',
      type: 'ext4',
      source: '/dev/sda',
      root: '/',
      options: ['rw'],
      superOptions: ['rw'],
      readOnly: false,
      boundFile: false,
    },
    device,
    journal: { present: true, mode: 'ordered', external: false },
    update: { lock: 'machine', reason: 'Only this machine has the ext4.' },
    supports: {
      unnamedTemporaries: true,
      noReplace: true,
      exchange: true,
      directorySync: true,
      extendedAttributes: true,
    },
    protocol: {
      durable: plan,
      ordered: { ...plan, achieves: 'ordered' },
      none: { ...plan, protocol: 'rename', achieves: 'none' },
    },
    reason: 'it was said.',
    evidence: [],
    warnings: [],
  };
}

export function disk(more: Partial<Device>): Device {
  return {
    name: 'sda',
    major: 8,
    minor: 0,
    kind: 'disk',
    bytes: 1e12,
    model: undefined,
    bus: 'ata',
    virtual: false,
    rotational: false,
    writeCache: 'write back',
    reportedCache: 'write back',
    forceUnitAccess: false,
    backing: undefined,
    below: [],
    ...more,
  };
}

export function runOf(contenders: ContenderResult[], more: Partial<Run> = {}): Run {
  return {
    directory: '/somewhere',
    filesystem: filesystemOn(undefined),
    uuid: null,
    save: { protocol: 'single-commit', durability: 'durable' },
    bytes: 4096,
    baseline: [resultNamed('fdatasync', 2)],
    unavailable: [],
    appends: [],
    contenders,
    failed: [],
    stages: [],
    bySize: [],
    byConcurrency: [],
    noRoomFor: [],
    noise: null,
    findings: [],
    ...more,
  };
}

export function reportOf(...runs: Run[]): Report {
  return {
    schema: 'indelible-bench/3',
    indelible: '0.0.0',
    date: '2026-01-02T03:04:05.678Z',
    machine: {
      name: 'here',
      node: '20.0.0',
      kernel: 'Linux 6.18',
      processors: '2 x something',
      engine: 'native',
    },
    seconds: 15,
    runs,
  };
}
