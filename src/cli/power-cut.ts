import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { save } from '../api/save.js';
import type { Durability } from '../base/options.js';

/** The exit status of a check that found a broken promise. */
export const BROKEN = 5;

const DURABILITIES: readonly Durability[] = ['durable', 'ordered', 'none'];
const RECORD_BYTES = 4096;

function fileFor(directory: string, durability: string): string {
  return join(directory, 'indelible-power-cut', durability);
}

/** Every part of a record has its number, so that a mixture of two is seen. */
function record(number: number): Buffer {
  return Buffer.alloc(RECORD_BYTES, `${number}\n`);
}

/**
 * Saves numbered records in `directory` with each durability, until it is stopped.
 *
 * @param acknowledge is told of each save that has resolved. It must be where the power is not cut.
 */
export async function writeUntilPowerCut(
  directory: string,
  acknowledge: (line: string) => void,
  signal: AbortSignal,
): Promise<never> {
  // An earlier record must not pass for a later one.
  const before = DURABILITIES.map((durability) => numberIn(fileFor(directory, durability)));
  let number = Math.max(0, ...before.filter((one) => typeof one === 'number'));
  // From here on each file is there, whatever is lost.
  for (const durability of DURABILITIES) {
    await save(fileFor(directory, durability), record(number), {
      durability: 'durable',
      makeDirectories: true,
    });
  }
  for (;;) {
    number += 1;
    for (const durability of DURABILITIES) {
      signal.throwIfAborted();
      const saved = await save(fileFor(directory, durability), record(number), { durability });
      acknowledge(`${durability} ${saved.durability} ${number}\n`);
    }
  }
}

/**
 * Compares what is in `directory` with what was acknowledged before the power was cut.
 *
 * @param acknowledged the lines of `writeUntilPowerCut`.
 * @returns a line for each durability, and whether a promise was broken.
 * @throws {Error} if nothing was acknowledged.
 */
export function checkAfterPowerCut(
  directory: string,
  acknowledged: string,
): { text: string; broken: boolean } {
  const found = [...acknowledged.matchAll(/^(durable|ordered|none) (durable|ordered|none) (\d+)\n/gm)];
  if (found.length === 0) throw new Error('nothing was acknowledged');
  // The last line of each counts.
  const last = new Map(found.map(([, asked = '', achieved, number]) => [asked, { achieved, number }]));
  let broken = false;
  const lines = [...last].map(([asked, { achieved, number }]) => {
    const kept = numberIn(fileFor(directory, asked));
    const fault = typeof kept === 'number' ? lossOf(Number(number) - kept) : `the file is ${kept}`;
    const breaks =
      fault !== '' && (achieved === 'durable' || (achieved === 'ordered' && typeof kept !== 'number'));
    broken ||= breaks;
    const verdict = fault === '' ? 'kept' : `${fault}, ${breaks ? 'AGAINST' : 'within'} its promise`;
    return `${asked} (achieved: ${achieved}): ${number} acknowledged, ${verdict}\n`;
  });
  if (broken) lines.push('Something between save and the medium confirms flushes too early.\n');
  return { text: lines.join(''), broken };
}

function lossOf(records: number): string {
  return records > 0 ? `the newest ${records} are lost` : '';
}

/** @returns `'torn'` if the file is not one whole record. */
function numberIn(file: string): number | 'missing' | 'torn' {
  let content: Buffer;
  try {
    content = readFileSync(file);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return 'missing';
    throw error;
  }
  const number = Number.parseInt(content.toString(), 10);
  return content.equals(record(number)) ? number : 'torn';
}
