import { readdir } from 'node:fs/promises';
import type { Durability } from '../../index.js';

/** One way to save a file. Each is the default export of a module of its own; nothing else knows it by name. */
export interface Contender {
  /** As the table shows it: at most 17 columns. */
  name: string;
  /** In a sentence, what it does. */
  description: string;
  /** What it promises about power loss, on a filesystem that keeps what is synced, in the words of `save`. */
  durability: Durability;
  /** Replaces the file, or creates it. Called for a path again only when the last call for it has settled. */
  save(path: string, bytes: Uint8Array): unknown;
}

/**
 * Loads every contender in the directories, in the order of their file names.
 *
 * @returns the contenders, and the packages that others would have needed and that are not installed.
 */
export async function loadContenders(
  directories: readonly URL[],
): Promise<{ contenders: Contender[]; missing: string[] }> {
  const contenders: Contender[] = [];
  const missing: string[] = [];
  for (const directory of directories) {
    const files = (await readdir(directory)).filter((file) => file.endsWith('.js'));
    for (const file of files.sort()) {
      try {
        const module: { default: Contender } = await import(new URL(file, directory).href);
        contenders.push(module.default);
      } catch (error) {
        const name = missingPackage(error);
        if (name === undefined) throw error;
        missing.push(name);
      }
    }
  }
  return { contenders, missing };
}

function missingPackage(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error) || error.code !== 'ERR_MODULE_NOT_FOUND')
    return undefined;
  return /^Cannot find package '([^']+)'/.exec(error.message)?.[1];
}
