export { exchange, exchangeSync } from './api/exchange.js';
export { inspect, inspectSync } from './api/inspect.js';
export type { NameChangeOptions } from './api/name-change-options.js';
export { openTemporary, openTemporarySync } from './api/open-temporary.js';
export { renameExclusive, renameExclusiveSync } from './api/rename-exclusive.js';
export {
  type ReplaceDirectoryOptions,
  replaceDirectory,
  replaceDirectorySync,
} from './api/replace-directory.js';
export { replaceSymlink, replaceSymlinkSync } from './api/replace-symlink.js';
export { save, saveSync } from './api/save.js';
export { type FileToSave, SaveAllError, type SaveAllOptions, saveAll, saveAllSync } from './api/save-all.js';
export type { SaveSource } from './api/save-source.js';
export { createSaveStream, type SaveStream, type SaveStreamOptions } from './api/save-stream.js';
export { Saver, type SaverOptions } from './api/saver.js';
export { sweep, sweepSync } from './api/sweep.js';
export type {
  OpenTemporaryOptions,
  TemporaryFile,
  TemporaryFileOptions,
  TemporaryFileReplaceOptions,
} from './api/temporary-file.js';
export {
  type Changed,
  type TextUpdateOptions,
  type UpdateOptions,
  update,
  updateSync,
} from './api/update.js';
export type { SaveData } from './base/data.js';
export type { IndelibleErrorCode, SaveError } from './base/errors.js';
export type { Durability, Owner, Preserve, PreservedParts, Protocol, SaveOptions } from './base/options.js';
export type { AbsolutePath, PathLike } from './base/path.js';
export type { Saved } from './base/save-request.js';
export type { StageTimes } from './base/stage-timer.js';
export type { SaveEnded, SaveFailed, SaveStarted, SaveTimes } from './engine/observation.js';
export type { Plan } from './filesystem/decision.js';
export type { BackingFile, Device, WriteCache } from './filesystem/device.js';
export type { Evidence } from './filesystem/evidence.js';
export type { DataMode } from './filesystem/ext4.js';
export type { Filesystem, MountPoint, PlannedSave } from './filesystem/filesystem.js';
export type { Journal } from './filesystem/journal.js';
export type { ProtocolStep } from './filesystem/protocols.js';
export type { Support } from './filesystem/support.js';
export type { InspectedUpdate } from './filesystem/update-lock.js';
export type { Warning, WarningCode } from './filesystem/warning.js';
export type { NameChange } from './names/durability.js';
export type { DirectoryReplaced } from './names/replace-directory.js';
