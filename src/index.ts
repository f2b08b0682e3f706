export type { SaveData } from './data.js';
export type { DirectoryReplaced, NameChange, Saved } from './engine/engine.js';
export type { StageTimes } from './engine/stage-timer.js';
export type { IndelibleErrorCode, SaveError } from './errors.js';
export { exchange, exchangeSync } from './exchange.js';
export type { Plan } from './filesystem/decision.js';
export type { BackingFile, Device, WriteCache } from './filesystem/device.js';
export type { Evidence } from './filesystem/evidence.js';
export type { DataMode } from './filesystem/ext4.js';
export type { Filesystem, MountPoint, PlannedSave } from './filesystem/filesystem.js';
export type { Journal } from './filesystem/journal.js';
export type { ProtocolStep } from './filesystem/protocols.js';
export type { Support } from './filesystem/support.js';
export type { Warning, WarningCode } from './filesystem/warning.js';
export { inspect, inspectSync } from './inspect.js';
export type { NameChangeOptions } from './name-change.js';
export type { SaveEnded, SaveFailed, SaveStarted, SaveTimes } from './observation.js';
export { openTemporary, openTemporarySync } from './open-temporary.js';
export type { Durability, Preserve, Protocol, SaveOptions } from './options.js';
export type { AbsolutePath, PathLike } from './path.js';
export { renameExclusive, renameExclusiveSync } from './rename-exclusive.js';
export {
  type ReplaceDirectoryOptions,
  replaceDirectory,
  replaceDirectorySync,
} from './replace-directory.js';
export { replaceSymlink, replaceSymlinkSync } from './replace-symlink.js';
export { save, saveSync } from './save.js';
export { type FileToSave, SaveAllError, type SaveAllOptions, saveAll, saveAllSync } from './save-all.js';
export type { SaveSource } from './save-source.js';
export { createSaveStream, type SaveStream, type SaveStreamOptions } from './save-stream.js';
export { Saver, type SaverOptions } from './saver.js';
export { sweep, sweepSync } from './sweep.js';
export type {
  TemporaryFile,
  TemporaryFileOptions,
  TemporaryFileReplaceOptions,
} from './temporary-file.js';
export { type Changed, type TextUpdateOptions, type UpdateOptions, update, updateSync } from './update.js';
