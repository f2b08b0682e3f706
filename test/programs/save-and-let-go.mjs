// Starts one save that nobody waits for, and has nothing else to do.
//   argument: path
import { save } from '../../dist/index.js';
import { contentOf } from './version.mjs';

save(process.argv[2], contentOf(50)).then(() => console.log('saved'));
