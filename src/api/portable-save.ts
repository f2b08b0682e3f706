import type { Saved } from '../base/save-request.js';
import { portableEngine } from '../engine/portable/portable-engine.js';
import { requestOf } from './save.js';

/** `save` over the portable engine, also in a process that has the native one. */
export function savePortably(path: string, bytes: Uint8Array): Promise<Saved> {
  return portableEngine.save(requestOf(path, bytes, undefined));
}
