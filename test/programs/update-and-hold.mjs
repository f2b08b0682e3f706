// Begins an update, prints 'holding' when it has read the file, and holds the lock until its input ends. Then
// it appends the given text.
//   arguments: path, text to append
import { once } from 'node:events';
import { update } from '../../dist/index.js';

const [path, more] = process.argv.slice(2);
await update(
  path,
  async (content = '') => {
    console.log('holding');
    process.stdin.resume();
    await once(process.stdin, 'end');
    return content + more;
  },
  'utf8',
);
