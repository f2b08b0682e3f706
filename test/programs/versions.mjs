// Writes or reads versions of a file, each of which shows whether it is whole.
//   arguments: `save`, `read` or `poll`, then the path
// `save` saves version after version until it is killed, and prints the number of each that is acknowledged. `read`
// prints the number of the version that is there. `poll` reads until there is a file `<path>.stop`, and prints how
// often, and how often the file was missing.
import fs from 'node:fs';
import { save } from '../../dist/index.js';
import { assertWhole, contentOf } from './version.mjs';

const [what, path] = process.argv.slice(2);

if (what === 'save') {
  for (let version = 1; ; version += 1) {
    const { durability } = await save(path, contentOf(version));
    fs.writeSync(1, `${version} ${durability}\n`);
  }
}

if (what === 'read') console.log(assertWhole(fs.readFileSync(path)));

if (what === 'poll') {
  let [reads, missing] = [0, 0];
  while (!fs.existsSync(`${path}.stop`)) {
    reads += 1;
    try {
      fs.readFileSync(path);
    } catch ({ code }) {
      // Another client has replaced it while it was read (open(2), NFS).
      if (code === 'ENOENT') missing += 1;
      else if (code !== 'ESTALE') throw new Error(`cannot read: ${code}`);
    }
  }
  console.log(JSON.stringify({ reads, missing }));
}
