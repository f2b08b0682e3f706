import assert from 'node:assert/strict';
import type { Saved, SaveOptions } from '../../src/index.js';
import { ended, startProgram } from '../node-process.js';

interface As {
  uid?: number;
  gid?: number;
  groups?: number[];
  umask?: number;
}

interface Failure {
  code: string;
  syscall: string;
  published: boolean;
  message: string;
}

export type Outcome = { saved: Saved; error: undefined } | { saved: undefined; error: Failure };

/** Calls one function of the library in a process with another user, other groups or another umask. */
export async function callAs(
  as: As,
  call: string,
  ...given: readonly unknown[]
): Promise<{ result?: unknown; error?: Failure }> {
  const program = startProgram('call-as.mjs', [JSON.stringify({ ...as, call, arguments: given })]);
  const { code, stdout, stderr } = await ended(program);
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout);
}

/** Saves once in such a process. */
export async function saveAs(
  as: As,
  form: 'save' | 'saveSync',
  path: string,
  data: string,
  options: SaveOptions = {},
): Promise<Outcome> {
  const { result, error } = await callAs(as, form, path, data, options);
  return { saved: result, error } as Outcome;
}
