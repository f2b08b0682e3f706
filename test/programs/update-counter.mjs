// Adds 1 to the number in a file, so many times, so many at once.
//   arguments: path, how often, how many at once, options as JSON
import { update } from '../../dist/index.js';

const [path, count, atOnce, options] = process.argv.slice(2);
const increment = () =>
  update(path, (number) => String(Number(number ?? 0) + 1), { encoding: 'utf8', ...JSON.parse(options) });

for (let done = 0; done < Number(count); done += Number(atOnce)) {
  await Promise.all(Array.from({ length: Number(atOnce) }, increment));
}
