import { type AbsolutePath, absolutePath, type PathLike } from './path.js';

// Node's permission model (`node --permission`). It checks the calls of `fs`; an addon does what the process
// may. So the facade asks before the native engine is called, as `fs` would: by the path's text, without
// following links.

type Scope = 'fs.read' | 'fs.write';

/** `undefined` unless the process runs under the permission model. */
const permission: Pick<NodeJS.ProcessPermission, 'has'> | undefined = process.permission;

export function isPermitted(scope: Scope, path: string): boolean {
  return permission === undefined || permission.has(scope, path);
}

/**
 * Whether plain `fs` is restricted: then its calls that sync or change an open file are refused, whatever the
 * process may write (lib/fs.js: "API is disabled when Permission Model is enabled").
 */
export const isRestricted = permission !== undefined;

/** Whether attributes of an open file can be changed (`src/fs/plain/plain-fs.ts`). */
export const mayChangeOpenFiles = permission === undefined || permission.has('fs.write');

const NAMES: Readonly<Record<Scope, string>> = { 'fs.read': 'FileSystemRead', 'fs.write': 'FileSystemWrite' };

/**
 * Makes a path absolute (`absolutePath`) that is going to be written.
 *
 * @throws `ERR_ACCESS_DENIED`.
 */
export function writablePath(path: PathLike, name: string): AbsolutePath {
  const absolute = absolutePath(path, name);
  requirePermission('fs.write', absolute);
  return absolute;
}

/** @throws `ERR_ACCESS_DENIED`, with the properties of Node's own error. */
export function requirePermission(scope: Scope, path: AbsolutePath): void {
  if (permission === undefined || path.length === 0) return;
  const resource = path.toString();
  // A path that is not UTF-8 has no text that could be asked for.
  const isText = typeof path === 'string' || Buffer.from(resource).equals(path);
  if (isText ? permission.has(scope, resource) : permission.has(scope)) return;
  const option = `--allow-${scope.replace('.', '-')}`;
  const message = `Access to this API has been restricted. Use ${option} to manage permissions.`;
  throw accessDenied(message, resource, NAMES[scope]);
}

/**
 * A symbolic link may lead anywhere, so `fs.symlink` is refused to a process that may not read and write
 * everywhere.
 */
export function requireSymlinkPermission(path: AbsolutePath): void {
  if (permission === undefined || (permission.has('fs.read') && permission.has('fs.write'))) return;
  const message = 'fs.symlink API requires full fs.read and fs.write permission';
  throw accessDenied(message, path.toString(), '');
}

function accessDenied(message: string, resource: string, name: string): Error {
  const details = { code: 'ERR_ACCESS_DENIED', permission: name, resource };
  return Object.assign(new Error(message), details, { path: resource, published: false });
}
