// Adds 1 to the number in a file until it is killed, and prints the new number after each update.
//   arguments: path
import { writeSync } from 'node:fs';
import { update } from '../../dist/index.js';

const [path] = process.argv.slice(2);
for (;;) {
  let number;
  await update(
    path,
    (before) => {
      number = Number(before ?? 0) + 1;
      return String(number);
    },
    { encoding: 'utf8', timeout: Number.POSITIVE_INFINITY },
  );
  writeSync(1, `${number}\n`);
}
