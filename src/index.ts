export type { SaveData } from './data.js';
export type { Saved } from './engine/engine.js';
export type { IndelibleErrorCode, SaveError } from './errors.js';
export type { Durability, Preserve, Protocol, SaveOptions } from './options.js';
export type { PathLike } from './path.js';
export { save, saveSync } from './save.js';
