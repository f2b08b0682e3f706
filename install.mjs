// Runs when the package is installed: looks whether there is an addon for this system, compiles it where there is none
// and node-addon-api has been installed beside it, or says in one line why there is none. It never fails the
// installation, because the portable engine serves without the addon; and nothing is lost where it is not run at all
// (--ignore-scripts), as long as there is a prebuild.
import { spawnSync } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const require = createRequire(import.meta.url);
const root = fileURLToPath(new URL('.', import.meta.url));
const system = `${process.platform}-${process.arch}`;

/** Why the addon does not load; `undefined` if it does. */
function loadingFailure() {
  try {
    require('node-gyp-build')(root);
    return undefined;
  } catch (error) {
    return error.code === 'ERR_DLOPEN_FAILED'
      ? `the addon does not load here: ${firstLine(error.message)}`
      : `no prebuilt addon for ${system}`;
  }
}

function firstLine(text) {
  return text.trim().split('\n', 1)[0].slice(0, 200);
}

/** The line of the compiler's output that names the problem. */
function reasonIn(output) {
  const lines = output.split('\n').map((line) => line.trim());
  const telling = lines.filter((line) => /not found|not ok|error|could not|no such/i.test(line));
  return (
    telling.find((line) => /not found|could not|fatal|error:/i.test(line)) ??
    telling[0] ??
    'unknown'
  ).slice(0, 200);
}

function canCompile() {
  try {
    require.resolve('node-addon-api');
    return true;
  } catch {
    return false;
  }
}

/** Node.js's headers where they stand beside it, as in its own archives: node-gyp would download them. */
function headers() {
  const prefix = dirname(dirname(realpathSync(process.execPath)));
  const given = process.env.npm_config_nodedir !== undefined;
  return given || !existsSync(join(prefix, 'include/node/node_api.h')) ? [] : [`--nodedir=${prefix}`];
}

/** Why the addon could not be compiled; `undefined` if it was, and loads. */
function compilingFailure() {
  const nodeGyp = process.env.npm_config_node_gyp;
  const [command, ...first] = nodeGyp === undefined ? ['node-gyp'] : [process.execPath, nodeGyp];
  const run = spawnSync(command, [...first, 'rebuild', ...headers()], { cwd: root, encoding: 'utf8' });
  if (run.error !== undefined) return `it could not be compiled: ${run.error.message}`;
  if (run.status !== 0) return `it could not be compiled: ${reasonIn(`${run.stdout}\n${run.stderr}`)}`;
  const failure = loadingFailure();
  return failure === undefined ? undefined : `it was compiled, but ${failure}`;
}

const missing = loadingFailure();
if (missing !== undefined) {
  const reason = canCompile()
    ? compilingFailure()
    : 'to compile it, install node-addon-api and then `npm rebuild indelible`';
  if (reason !== undefined) {
    console.warn(`indelible: ${missing}; the portable engine serves instead (${reason}).`);
  }
}
