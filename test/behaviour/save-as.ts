import assert from 'node:assert/strict';
import type { Saved, SaveOptions } from '../../src/index.js';
import { ended, startProgram } from '../node-process.js';

interface As {
  uid?: number;
  gid?: number;
  groups?: number[];
  umask?: number;
}

export type Outcome =
  | { saved: Saved; error: undefined }
  | { saved: undefined; error: { code: string; syscall: string; published: boolean; message: string } };

/** One save in a process with another user, other groups or another umask. */
export async function saveAs(
  as: As,
  form: 'save' | 'saveSync',
  path: string,
  data: string,
  options: SaveOptions = {},
): Promise<Outcome> {
  const program = startProgram('save-as.mjs', [JSON.stringify({ ...as, form, path, data, options })]);
  const { code, stdout, stderr } = await ended(program);
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout);
}
