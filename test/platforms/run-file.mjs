// Runs one compiled file of tests: node run-file.mjs FILE RESULTS. Each result is written immediately as a
// line of JSON to the file RESULTS, so that the tests before a crash are known.
import { appendFileSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { run } from 'vitest';
import { whyInapplicable } from './inapplicable.js';

// An emulated Node.js cannot be started by its own path, so the tests start it by a wrapper.
process.execPath = process.env.INDELIBLE_TESTS_NODE ?? process.execPath;
const [file, results] = process.argv.slice(2).map((path) => resolve(path));

function write(result) {
  appendFileSync(results, `${JSON.stringify(result)}\n`);
}

await run(
  pathToFileURL(file).href,
  (_, name) => whyInapplicable(basename(file).replace(/\.js$/, '.ts'), name)?.reason,
  (name, outcome, reason) => write({ name, outcome, reason }),
);
write({ ended: true });
process.exit();
