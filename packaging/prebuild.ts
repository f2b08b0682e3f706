/**
 * Compiles the addon for every supported system, and checks the results.
 *
 *     npm run prebuilds [-- --only linux-x64,linux-x64-musl]
 *     npm run prebuilds -- --here                       only for this machine's system and processor, for each C library
 *     npm run prebuilds:check [-- --only linux-x64]      checks the existing files, and compiles nothing
 *
 * prebuilds/README.md explains the toolchain. Fails if a prebuild cannot be compiled, or fails its check.
 */
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { markdownTable } from 'markdown-table';
import { examinePrebuild } from './prebuild/check.js';
import { compilePrebuild, nodeApiVersion } from './prebuild/compile.js';
import { gypTarget } from './prebuild/gyp-target.js';
import { prebuildPath, targetName, targets } from './prebuild/targets.js';
import { toolchain } from './prebuild/toolchain.js';
import { projectRoot } from './run.js';

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    here: { type: 'boolean', default: false },
    check: { type: 'boolean', default: false },
  },
});
const only = values.only?.split(',');
const unknown = only?.filter((name) => !targets.some((target) => targetName(target) === name)) ?? [];
if (unknown.length > 0) throw new Error(`There is no target ${unknown.join(', ')}`);

const chosen = targets.filter(
  (target) =>
    only?.includes(targetName(target)) !== false &&
    (!values.here || (target.platform === process.platform && target.arch === process.arch)),
);
if (values.check) {
  const missing = chosen.filter(
    (target) => !existsSync(join(projectRoot, 'prebuilds', prebuildPath(target))),
  );
  if (missing.length > 0) {
    process.stderr.write(
      `The package needs the addon for every system. It is missing for ${missing.map(targetName).join(', ')}: npm run prebuilds\n`,
    );
    process.exit(1);
  }
}

const tools = toolchain();
const rows: string[][] = [];
for (const target of chosen) {
  const name = targetName(target);
  const scratch = join(projectRoot, 'build/prebuild', name);
  const output = join(projectRoot, 'prebuilds', prebuildPath(target));
  const gyp = gypTarget(target, scratch);
  if (gyp.sources.length === 0) {
    rmSync(output, { force: true });
    rows.push([name, '', '', 'no native code in binding.gyp: the portable engine is used']);
    continue;
  }
  if (!values.check) {
    process.stderr.write(`${name}\n`);
    // After a failure, an old file must not be taken for a new one.
    rmSync(output, { force: true });
    await compilePrebuild(target, gyp, tools, scratch, output);
  }
  const { bytes, asksFor, faults } = examinePrebuild(
    target,
    output,
    new Set(tools.nodeApi(nodeApiVersion(gyp))),
  );
  if (faults.length > 0) process.exitCode = 1;
  rows.push([name, String(bytes), asksFor, faults.length > 0 ? faults.join('; ') : 'passes']);
}
console.log(
  markdownTable([['system', 'bytes', 'needs', 'result'], ...rows], { align: ['l', 'r', 'l', 'l'] }),
);
