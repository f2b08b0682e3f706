// Saves a file once, on the calling thread, and ends.
//   argument: path
import { saveSync } from '../../dist/index.js';

saveSync(process.argv[2], 'content');
