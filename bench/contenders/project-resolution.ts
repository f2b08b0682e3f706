/**
 * Module hooks for `register` of `node:module`: the libraries of the implementations are those that the user's project
 * has installed, as far as it has them.
 */
import type { InitializeHook, ResolveHook } from 'node:module';

interface Resolution {
  /** URL of the directory with the implementations. */
  contenders: string;
  /** URL of a file in the user's project. */
  project: string;
}

let resolution: Resolution | undefined;

export const initialize: InitializeHook<Resolution> = (data) => {
  resolution = data;
};

export const resolve: ResolveHook = async (specifier, context, next) => {
  const isLibrary = /^[a-z@]/.test(specifier) && !specifier.startsWith('node:') && specifier !== 'indelible';
  const { parentURL } = context;
  if (resolution === undefined || !isLibrary || !parentURL?.startsWith(resolution.contenders)) {
    return next(specifier, context);
  }
  try {
    return await next(specifier, { ...context, parentURL: resolution.project });
  } catch {
    // The project lacks it. It may be installed beside this package. The call above has changed Node's `context`.
    return next(specifier, { ...context, parentURL });
  }
};
