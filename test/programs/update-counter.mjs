// Adds 1 to the number in a file, a number of times, with some updates concurrently.
//   arguments: path, number of updates, concurrent updates, options as JSON
import { update } from '../../dist/index.js';

const [path, count, concurrent, options] = process.argv.slice(2);
// How long the others take depends on the machine. (JSON has no infinity.)
const ALL = { encoding: 'utf8', timeout: Number.POSITIVE_INFINITY, ...JSON.parse(options) };
const increment = () => update(path, (number) => String(Number(number ?? 0) + 1), ALL);

for (let done = 0; done < Number(count); done += Number(concurrent)) {
  await Promise.all(Array.from({ length: Number(concurrent) }, increment));
}
