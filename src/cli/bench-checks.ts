/** What `indelible bench` refuses before it measures. Each error names the file. */
import { accessSync, constants, type Stats, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { isError } from '../base/errors.js';
import { failedWith } from '../base/fs-error.js';

/** The options of `indelible bench` that name files. */
export interface Outputs {
  json?: string;
  html?: string;
  history?: string;
}

/** @throws {Error} if a directory is missing, is none, or cannot be written in. */
export function checkDirectories(directories: readonly string[]): void {
  for (const directory of directories) {
    if (!statSync(directory).isDirectory()) throw new Error(`'${directory}' is not a directory`);
    try {
      accessSync(directory, constants.W_OK);
    } catch (error) {
      if (!failedWith(error, 'EROFS')) throw error;
      throw new Error(`'${directory}' is mounted read-only: no file can be saved there`);
    }
  }
}

/** @throws {Error} if an output could not be written at the end. */
export function checkOutputs({ json, html, history }: Outputs): void {
  for (const file of [json === '-' ? undefined : json, html]) {
    if (file !== undefined) checkOutput(file, false);
  }
  if (history !== undefined) checkOutput(history, true);
}

function checkOutput(path: string, isDirectory: boolean): void {
  const refuse = (why: string) => new Error(`'${path}' cannot be written: ${why}`);
  const found = statIfPresent(path);
  if (found !== undefined && found.isDirectory() !== isDirectory) {
    throw refuse(isDirectory ? 'it is not a directory' : 'it is a directory');
  }
  // Missing parents of a history are created.
  let writable = resolve(path);
  while (statIfPresent(writable) === undefined) {
    const parent = dirname(writable);
    if (!isDirectory && statIfPresent(parent) === undefined) throw refuse(`'${parent}' does not exist`);
    writable = parent;
  }
  try {
    accessSync(writable, constants.W_OK);
  } catch (error) {
    throw refuse(isError(error) ? error.message : String(error));
  }
}

function statIfPresent(path: string): Stats | undefined {
  return statSync(path, { throwIfNoEntry: false });
}

interface Flags extends Outputs {
  quick?: boolean;
  full?: boolean;
  seconds?: number;
  contender?: string[];
  append?: unknown;
  compare?: string[];
  failIf?: unknown;
  format: 'text' | 'openmetrics';
  from?: string;
  collect?: boolean;
  powerCut?: boolean;
  powerCutCheck?: string;
}

/**
 * @param paths how many were given.
 * @returns why the options contradict each other, in the words of the command line.
 */
export function contradictionIn(options: Flags, paths: number): string | undefined {
  if (options.powerCut || options.powerCutCheck !== undefined) {
    // The format has a default.
    if (Object.keys(options).length > 2) return 'a power cut cannot be used with other options';
    if (paths > 1) return 'a power cut takes one PATH';
  }
  const { quick, full, json, html, compare, failIf, format, from } = options;
  if (quick && full) return "option '--quick' cannot be used with option '--full'";
  if (from !== undefined) {
    const measuring = (['quick', 'full', 'seconds', 'contender', 'append'] as const).find(
      (name) => options[name] !== undefined,
    );
    if (measuring !== undefined) return `option '--from' cannot be used with option '--${measuring}'`;
    if (paths > 0) return "option '--from' shows a report and cannot be used with a PATH";
  }
  if (json === '-' && format !== 'text') {
    return `option '--json -' cannot be used with option '--format ${format}': both print to standard output`;
  }
  if (json !== undefined && html !== undefined && resolve(json) === resolve(html)) {
    return `options '--json' and '--html' both write '${json}'`;
  }
  if (failIf !== undefined && compare === undefined) return "option '--fail-if' needs option '--compare'";
  return undefined;
}
