import type { Filesystem } from '../../src/filesystem/filesystem.js';
import type { Contender } from '../contenders/contender.js';
import { readCompressed } from './package-files.js';

/** The result of an implementation in the crash lab, which replays power failures on this kind of filesystem. */
export interface Guarantee {
  /**
   * - `'survives'`: every save that had resolved was there in every state.
   * - `'old or new'`: no file was torn. The newest version may be missing, as promised.
   * - `'loses saves'`: a save that had resolved was lost or rolled back.
   * - `'tears files'`: a file was neither old nor new.
   * - `'memory'`: nothing survives a power failure on this filesystem.
   * - `'untested'`: the present code was not tested on this kind of filesystem.
   */
  powerLoss: 'survives' | 'old or new' | 'loses saves' | 'tears files' | 'memory' | 'untested';
  /** The share of the states in which a temporary was left, from 0 to 1. */
  litter: number | null;
  /** The number of power failures that were replayed. */
  states: number;
}

/** `docs/crash-results.json`, as the crash lab writes it. */
export interface CrashResults {
  schema: 'indelible-crash/1';
  /**
   * The code that was tested, by package: a version, or for this package and the recipes by hand a hash. In the built
   * package only what is the same code today. Results of earlier versions have none.
   */
  code?: Readonly<Record<string, string>>;
  results: {
    name: string;
    mount: string;
    states: number;
    faults: Record<'unmountable' | 'torn' | 'lost' | 'stale' | 'litter', number>;
  }[];
}

/** The results that were published with this package. */
export function readCrashResults(): CrashResults {
  return JSON.parse(readCompressed('crash-results.json').toString());
}

export function guaranteeOf(
  { crashed, durability, package: name = '', version }: Contender,
  filesystem: Filesystem,
  { results, code = {} }: CrashResults,
): Guarantee {
  const untested = { powerLoss: 'untested', litter: null, states: 0 } as const;
  if (filesystem.warnings.some(({ code }) => code === 'memory')) return { ...untested, powerLoss: 'memory' };
  const tested = code[name];
  if (tested === undefined || (version !== undefined && version !== tested)) return untested;
  const mount = labMountFor(filesystem);
  const found = results.find((result) => result.name === crashed && result.mount === mount);
  if (found === undefined || found.states === 0) return untested;
  const { states, faults } = found;
  const seen = { litter: faults.litter / states, states };
  if (faults.torn > 0 || faults.unmountable > 0) return { powerLoss: 'tears files', ...seen };
  if (faults.lost > 0 || faults.stale > 0) return { powerLoss: 'loses saves', ...seen };
  return { powerLoss: durability === 'durable' ? 'survives' : 'old or new', ...seen };
}

/** The crash lab's name for a filesystem that is mounted like this one. `undefined` if it tests none like it. */
function labMountFor({ mount, journal, warnings }: Filesystem): string | undefined {
  if (mount === undefined || warnings.some(({ code }) => code === 'no-barriers')) return undefined;
  if (mount.type !== 'ext4') return mount.type;
  if (journal?.present === false) return 'ext4-no-journal';
  if (journal?.external === true) return 'ext4-external-journal';
  const modes = { ordered: 'ext4', journal: 'ext4-journal', writeback: 'ext4-writeback' } as const;
  return journal?.mode === undefined ? undefined : modes[journal.mode];
}
