// For each line, a JSON list of paths, prints the rights of this user to each, found out by trying:
// ["rwx", "r--", "---"].
import { accessSync, closeSync, constants, openSync } from 'node:fs';
import { createInterface } from 'node:readline';

function may(attempt) {
  try {
    attempt();
    return true;
  } catch ({ code }) {
    if (code !== 'EACCES') throw new Error(`the attempt failed with ${code}`);
    return false;
  }
}

const rightsTo = (path) =>
  [
    may(() => closeSync(openSync(path, constants.O_RDONLY))) ? 'r' : '-',
    may(() => closeSync(openSync(path, constants.O_WRONLY))) ? 'w' : '-',
    may(() => accessSync(path, constants.X_OK)) ? 'x' : '-',
  ].join('');

for await (const line of createInterface({ input: process.stdin })) {
  console.log(JSON.stringify(JSON.parse(line).map(rightsTo)));
}
