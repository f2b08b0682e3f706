// Uses two versions of the library in one thread, each with its own addon, on the same files. Prints the
// durability and protocol of the first save of each.
//   arguments: directory, path of one version, path of the other
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const [directory, ...paths] = process.argv.slice(2);
const versions = await Promise.all(paths.map((path) => import(pathToFileURL(path).href)));
const at = (name) => join(directory, name);

const calls = [];
for (let round = 0; round < 20; round += 1) {
  for (const [index, { save }] of versions.entries()) {
    calls.push(save(at('shared'), ['one', 'other'][index].repeat(500)));
  }
}
const saved = await Promise.all(calls);
// Without a lock for the machine the two versions do not see each other's updates.
const retry = { encoding: 'utf8', lock: 'thread', retries: Number.POSITIVE_INFINITY };
for (let round = 0; round < 10; round += 1) {
  for (const { update } of versions)
    await update(at('counter'), (number = '0') => `${Number(number) + 1}`, retry);
}
console.log(JSON.stringify(saved.slice(0, 2).map(({ durability, protocol }) => ({ durability, protocol }))));
