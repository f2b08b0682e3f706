import { markdownTable } from 'markdown-table';
import type { Durability } from '../../index.js';
import type { ContenderResult, Result, Run } from './report.js';

/** What is found under the path after power loss, for each promise. */
const AFTER_POWER_LOSS: Record<Durability, string> = {
  durable: 'the new',
  ordered: 'old or new',
  none: 'anything',
};
const STRONGEST_FIRST: readonly Durability[] = ['durable', 'ordered', 'none'];

/**
 * The results as a Markdown table that fits 80 columns: the floor, then the contenders, those with the strongest
 * promise first and among these the fastest.
 */
export function resultTable({ bytes, floor, contenders }: Run): string {
  const rank = ({ durability }: ContenderResult) => STRONGEST_FIRST.indexOf(durability);
  const sorted = contenders.toSorted(
    (a, b) => rank(a) - rank(b) || a.microseconds.median - b.microseconds.median,
  );
  return markdownTable(
    [
      [`${bytes / 1024} KiB each`, 'after crash', 'median', 'p99', 'saves/s', 'raw flushes'],
      row(floor, '', 1),
      ...sorted.map((result) => row(result, AFTER_POWER_LOSS[result.durability], result.rawFlushes)),
    ],
    { align: ['l', 'l', 'r', 'r', 'r', 'r'] },
  );
}

function row(result: Result, afterPowerLoss: string, rawFlushes: number): string[] {
  return [
    result.name,
    afterPowerLoss,
    duration(result.microseconds.median),
    duration(result.microseconds.p99),
    String(Math.round(result.perSecond)),
    threeDigits(rawFlushes),
  ];
}

function duration(microseconds: number): string {
  if (microseconds < 999.5) return `${threeDigits(microseconds)} us`;
  if (microseconds < 999_500) return `${threeDigits(microseconds / 1000)} ms`;
  return `${threeDigits(microseconds / 1_000_000)} s`;
}

function threeDigits(value: number): string {
  return value < 999.5 ? value.toPrecision(3) : String(Math.round(value));
}
