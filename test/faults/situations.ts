import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SaveOptions } from '../../src/index.js';
import { isRoot } from '../machine.js';
import type { Names } from './save-steps.js';

export const OLD = 'old content';
export const NEW = 'new content';
/** The content of the version that was kept before. */
export const OLDER = 'older content';

/** The kind of call, and the directory before it. Each situation leads to other steps. */
export type Situation =
  | 'replaces a file'
  | 'replaces a file through a link'
  | 'replaces a file with attributes'
  | 'keeps the file that it replaces'
  | 'creates a file exclusively'
  | 'makes directories'
  | 'exchanges two files'
  | 'renames exclusively'
  | 'replaces a symbolic link'
  | 'replaces a directory'
  | 'replaces a directory and keeps it'
  | 'puts a directory at a free path';

/** Another owner than the process's user. The save has to set it, which only root can. */
const OWNER = 1234;

/** Sets the situation up in a directory. Its content before is removed. */
export function prepare(
  situation: Situation,
  root: string,
): { names: Names; path: string; data?: string; options: SaveOptions } {
  rmSync(root, { recursive: true, force: true });
  mkdirSync(root);
  const target = join(root, 'target');
  switch (situation) {
    case 'replaces a file':
    case 'replaces a file through a link':
      writeFileSync(target, OLD);
      if (isRoot) chownSync(target, OWNER, OWNER);
      chmodSync(target, 0o640);
      if (situation === 'replaces a file')
        return { names: { directory: root, target }, path: target, options: {} };
      symlinkSync('target', join(root, 'link'));
      return { names: { directory: root, target }, path: join(root, 'link'), options: {} };
    case 'exchanges two files':
      writeFileSync(target, OLD);
      writeFileSync(join(root, 'other'), NEW);
      return { names: { directory: root, target }, path: join(root, 'other'), data: target, options: {} };
    case 'renames exclusively':
      writeFileSync(join(root, 'other'), NEW);
      return { names: { directory: root, target }, path: join(root, 'other'), data: target, options: {} };
    case 'replaces a symbolic link':
      writeFileSync(join(root, 'before'), OLD);
      writeFileSync(join(root, 'after'), NEW);
      symlinkSync('before', target);
      return { names: { directory: root, target }, path: 'after', data: target, options: {} };
    case 'replaces a directory':
    case 'replaces a directory and keeps it':
    case 'puts a directory at a free path':
      for (const [name, content] of [
        ['staged', NEW],
        ['target', OLD],
      ] as const) {
        if (name === 'target' && situation === 'puts a directory at a free path') continue;
        mkdirSync(join(root, name));
        writeFileSync(join(root, name, 'file'), content);
      }
      if (situation === 'replaces a directory and keeps it') {
        const keepPrevious = join(root, 'kept', 'previous');
        mkdirSync(keepPrevious, { recursive: true });
        writeFileSync(join(keepPrevious, 'file'), OLDER);
        const options = { keepPrevious };
        return { names: { directory: root, target }, path: join(root, 'staged'), data: target, options };
      }
      return { names: { directory: root, target }, path: join(root, 'staged'), data: target, options: {} };
    case 'replaces a file with attributes':
      writeFileSync(target, OLD);
      execFileSync('setfattr', ['-n', 'user.colour', '-v', 'blue', target]);
      execFileSync('chattr', ['+d', target]);
      // The new version gets this list, and must lose it.
      execFileSync('setfacl', ['-d', '-m', 'u:4001:rw', root]);
      return { names: { directory: root, target }, path: target, options: {} };
    case 'keeps the file that it replaces': {
      writeFileSync(target, OLD);
      mkdirSync(join(root, 'kept'));
      const keepPrevious = join(root, 'kept', 'previous');
      writeFileSync(keepPrevious, OLDER);
      return { names: { directory: root, target }, path: target, options: { keepPrevious } };
    }
    case 'creates a file exclusively':
      // With a mode, since a stream would otherwise make an empty file first, to see what a new one gets.
      return {
        names: { directory: root, target },
        path: target,
        options: { ifExists: 'fail', mode: 0o644 },
      };
    case 'makes directories': {
      const made = join(root, 'made');
      const path = join(made, 'target');
      return { names: { directory: made, target: path }, path, options: { makeDirectories: true } };
    }
  }
}

/** The content of a file, `undefined` if it cannot be read. */
export function contentOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

export function contentBefore(situation: Situation): string | undefined {
  return /^(replaces|exchanges|keeps)/.test(situation) ? OLD : undefined;
}
