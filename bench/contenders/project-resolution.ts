/** Module hooks (`register` of `node:module`): a contender's library is that of the user's project, if it has one. */
import type { InitializeHook, ResolveHook } from 'node:module';

interface Resolution {
  /** URL of the table. */
  contenders: string;
  /** URL of a file in the user's project. */
  project: string;
}

let resolution: Resolution | undefined;

export const initialize: InitializeHook<Resolution> = (data) => {
  resolution = data;
};

export const resolve: ResolveHook = async (specifier, context, next) => {
  const foreign = /^[a-z@]/.test(specifier) && !specifier.startsWith('node:') && specifier !== 'indelible';
  const { parentURL } = context;
  if (resolution === undefined || !foreign || parentURL !== resolution.contenders) {
    return next(specifier, context);
  }
  try {
    return await next(specifier, { ...context, parentURL: resolution.project });
  } catch {
    // Not there: perhaps beside this package. The call above has changed `context`, which is Node's.
    return next(specifier, { ...context, parentURL });
  }
};
