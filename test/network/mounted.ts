import { readFileSync } from 'node:fs';

/** The type of the filesystem that is mounted on a directory; undefined if none is. */
export function typeMountedOn(directory: string): string | undefined {
  // Neither the path nor the type contains a space. The last mount is the uppermost.
  const line = readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .findLast((one) => one.split(' ')[4] === directory);
  return / - (?<type>\S+)/.exec(line ?? '')?.groups?.type;
}
