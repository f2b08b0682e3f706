import { closeSync, fsyncSync, mkdirSync, openSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { STAGING, type Volume } from '../scenario.js';

/**
 * Writes content durably to a file that the lab does not judge, so that a scenario can then move it to a name
 * that is judged.
 *
 * @returns its path.
 */
export function stage(volume: Volume, name: string, content: Buffer): string {
  const path = volume.path(`${STAGING}/${name}`);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content, { flush: true });
  for (const directory of [dirname(path), volume.directory]) {
    const descriptor = openSync(directory, 'r');
    fsyncSync(descriptor);
    closeSync(descriptor);
  }
  return path;
}
