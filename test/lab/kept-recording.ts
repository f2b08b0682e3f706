import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { command } from './command.js';
import { MOUNTS } from './mounts.js';
import type { Recording } from './recording.js';

/**
 * A recording cannot be repeated with the same timing. So a recording that shows a fault is kept, in three
 * files.
 */
const BASE_IMAGE = 'base.img';
const LOG = 'log.img';
const HISTORY = 'history.json';

export async function keepRecording(recording: Recording, directory: string): Promise<void> {
  mkdirSync(directory, { recursive: true });
  await command('cp', '--sparse=always', recording.baseImage, join(directory, BASE_IMAGE));
  copyFileSync(recording.log, join(directory, LOG));
  const { mount, events } = recording;
  const { name, kernel, recoveredBy } = mount;
  writeFileSync(
    join(directory, HISTORY),
    JSON.stringify({ mount: name, kernel, recoveredBy, events }, null, 1),
  );
}

/** @throws if the directory has no recording, or its mount is not one of the lab's. */
export function openRecording(directory: string): Recording {
  const {
    mount: name,
    kernel,
    recoveredBy,
    events,
  } = JSON.parse(readFileSync(join(directory, HISTORY), 'utf8'));
  const mount = MOUNTS.get(name);
  if (mount === undefined) throw new Error(`'${directory}' was recorded on an unknown mount: ${name}`);
  return {
    mount: { ...mount, kernel, recoveredBy },
    baseImage: join(directory, BASE_IMAGE),
    log: join(directory, LOG),
    events,
  };
}
