// Starts one save without awaiting it, and does nothing else.
//   argument: path
import { save } from '../../dist/index.js';
import { contentOf } from './version.mjs';

save(process.argv[2], contentOf(50)).then(() => console.log('saved'));
