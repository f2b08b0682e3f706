import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname } from 'node:path';

/** What is found in the directory of a file that an application has saved. */
export interface Stored {
  /** The number that was saved as `version`; undefined if the file is missing, or is not whole. */
  version: number | undefined;
  /** The names of the other files in the directory: nobody has asked for them. */
  leftovers: readonly string[];
}

/** Each application saves JSON, in a form of its own. */
export function storedIn(file: string): Stored {
  const names = readdirSync(dirname(file));
  const leftovers = names.filter((name) => name !== basename(file));
  return {
    version: names.includes(basename(file)) ? versionIn(readFileSync(file, 'utf8')) : undefined,
    leftovers,
  };
}

function versionIn(text: string): number | undefined {
  try {
    const found = /"version":(?<version>\d+)/.exec(JSON.stringify(JSON.parse(text)));
    return found === null ? undefined : Number(found.groups?.version);
  } catch {
    return undefined;
  }
}
