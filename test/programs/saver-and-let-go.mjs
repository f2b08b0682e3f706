// Gives two contents to a Saver, the second while the first is being saved, and awaits neither.
//   arguments: path
import { Saver } from '../../dist/index.js';

const saver = new Saver(process.argv[2]);
saver.save('first');
setImmediate(() => saver.save('newest'));
