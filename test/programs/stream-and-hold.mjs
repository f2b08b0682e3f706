// Opens a save stream, writes to it, prints 'open', and keeps it open until its input ends. Then it ends the
// stream.
//   argument: path
import { once } from 'node:events';
import { finished } from 'node:stream/promises';
import { createSaveStream } from '../../dist/index.js';

const stream = createSaveStream(process.argv[2]);
await new Promise((resolve) => stream.write('first', resolve));
console.log('open');
process.stdin.resume();
await once(process.stdin, 'end');
stream.end(' last');
await finished(stream);
