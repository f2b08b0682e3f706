// Runs when the package is installed: gets the addon, or says once why there is none. It never fails the
// installation, because the portable engine serves without the addon.
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const require = createRequire(import.meta.url);
const root = fileURLToPath(new URL('.', import.meta.url));

function loads() {
  try {
    require('node-gyp-build')(root);
    return true;
  } catch {
    return false;
  }
}

/** The last line of the compiler's output that names a problem. */
function reasonIn(output) {
  const lines = output.split('\n').map((line) => line.trim());
  const telling = lines.filter((line) => /not found|not ok|error|could not|no such/i.test(line));
  return (
    telling.find((line) => /not found|could not|fatal|error:/i.test(line)) ??
    telling[0] ??
    'unknown'
  ).slice(0, 200);
}

function compile() {
  const nodeGyp = process.env.npm_config_node_gyp;
  const [command, ...first] = nodeGyp === undefined ? ['node-gyp'] : [process.execPath, nodeGyp];
  const run = spawnSync(command, [...first, 'rebuild'], { cwd: root, encoding: 'utf8' });
  if (run.error !== undefined) return run.error.message;
  if (run.status !== 0) return reasonIn(`${run.stdout}\n${run.stderr}`);
  return loads() ? undefined : 'it was compiled, but does not load';
}

if (!loads()) {
  const reason = compile();
  if (reason !== undefined) {
    console.warn(`indelible: the addon could not be built (${reason}); the portable engine serves instead.`);
  }
}
