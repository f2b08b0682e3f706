import type { FileSystemCalls } from '../../fs/file-system-calls.js';
import { plainCalls } from '../../fs/plain/plain-calls.js';
import type { Engine } from '../engine.js';
import { portableEngine } from './portable-engine.js';

/** What is used where the addon is not. A function, so that the build can load this engine where it is needed. */
export function portableSelection(): { engine: Engine; calls: FileSystemCalls } {
  return { engine: portableEngine, calls: plainCalls };
}
