import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

/** The compiled command, as it is published. */
export const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

export interface Outcome {
  status: number | null;
  stdout: string;
  stderr: string;
}

/** A running `indelible`, and its outcome. */
export interface Running {
  child: ChildProcessWithoutNullStreams;
  outcome: Promise<Outcome>;
}

export function start(args: string[], cwd: string): Running {
  const child = spawn(process.execPath, [MAIN, ...args], { cwd });
  // The command may end before it has read everything.
  child.stdin.on('error', () => {});
  return { child, outcome: outcomeOf(child) };
}

export async function outcomeOf(child: ChildProcessWithoutNullStreams): Promise<Outcome> {
  const [stdout, stderr, [status]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close'),
  ]);
  return { status, stdout, stderr };
}

/** Runs `indelible` with `input` on a pipe, and waits for its end. */
export async function run(args: string[], cwd: string, input: string | Uint8Array = ''): Promise<Outcome> {
  const { child, outcome } = start(args, cwd);
  child.stdin.end(input);
  return outcome;
}

/** Makes a directory for one test, on the disk and not in memory. */
export async function makeDirectory(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'indelible-test-'));
}

export async function removeDirectory(directory: string): Promise<void> {
  await rm(directory, { recursive: true, force: true });
}

/** Waits until `condition` holds. Only the test's own timeout limits this. */
export async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await setTimeout(5);
}
