// Adds 1 to the number in the file `counter` of a directory, so often, and prints as JSON how many of these
// updates were acknowledged, by code how many were refused, and how long the acknowledged ones took, in
// milliseconds. Several processes, on several machines, may count together: the number is then the sum of what
// they have acknowledged, or an update was lost.
//   arguments: directory, number of updates, options of `update` as JSON ({})
import { join } from 'node:path';
import { update } from '../../../dist/index.js';

const [directory, count, options = '{}'] = process.argv.slice(2);
const given = { encoding: 'utf8', timeout: 120_000, ...JSON.parse(options) };
const times = [];
const refused = {};
for (let done = 0; done < Number(count); done += 1) {
  const since = performance.now();
  try {
    await update(join(directory, 'counter'), (number = '0') => String(Number(number) + 1), given);
    times.push(performance.now() - since);
  } catch (error) {
    refused[error.code] = (refused[error.code] ?? 0) + 1;
    refused.message ??= error.message;
  }
}
times.sort((one, other) => one - other);
const at = (share) => Number(times[Math.floor(times.length * share)]?.toFixed(2));
console.log(
  JSON.stringify({ acknowledged: times.length, refused, median: at(0.5), p99: at(0.99), most: at(1 - 1e-9) }),
);
