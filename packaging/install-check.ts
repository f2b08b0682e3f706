/**
 * Packs the project and installs it as users do, on a machine without a compiler: with its prebuilds, and without them. The
 * npm script compiles the prebuilds for this machine first.
 *
 *     npm run test:install
 *
 * Needs the npm registry for the run-time dependencies. Prints a table. Fails if a check fails.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Checks, expect } from './checks.js';
import { loadWithMusl, MUSL_COMPILER } from './musl-host.js';
import { EmptyProject, pack, packedForRegistry } from './packed.js';
import { prebuildPath, targets } from './prebuild/targets.js';
import { toolchain } from './prebuild/toolchain.js';
import { projectRoot } from './run.js';

/** With all run-time dependencies, in bytes. */
const LARGEST_INSTALLATION = 2_000_000;
/** Counted for each prebuild that is missing here: more than the mean of the six for other systems than Linux on x64. */
const PREBUILD = 175_000;

const SAVE = `
import { saveSync, save, inspect } from 'indelible';
import { readFileSync, symlinkSync } from 'node:fs';
const saved = await save('file', 'content');
saveSync('file', 'newer');
if (readFileSync('file', 'utf8') !== 'newer' || saved.replaced !== false) throw new Error('not saved');
await inspect('.');
// The addon reads an error number from the C library.
symlinkSync('target', 'link');
saveSync('link', 'through a link to nothing');
console.log('saved');`;

/** The user's own implementation, which uses the installed package. */
const CONTENDER = `
import { save } from 'indelible';
export default { save: (path, bytes) => save(path, bytes, { durability: 'none' }) };`;

/** The part of the report of `indelible bench` that is used here. */
interface Measured {
  runs: { contenders: { name: string }[] }[];
}

const scratch = mkdtempSync(join(tmpdir(), 'indelible-packed-'));
const checks = new Checks();
try {
  const packed = pack(scratch);
  const project = (name: string) => new EmptyProject(join(scratch, name));

  const tarball = packedForRegistry(packed, scratch);
  const withPrebuilds = project('with-prebuilds');
  await checks.run('installs without a compiler, and prints nothing', () => {
    const printed = withPrebuilds.install([tarball]);
    expect(!/indelible|warn/i.test(printed), printed);
    return undefined;
  });
  await checks.run('then the native engine is used, import', () => {
    expect(withPrebuilds.run(SAVE, { INDELIBLE_ENGINE: 'native' }) === 'saved', 'it is not');
    return undefined;
  });
  await checks.run('then the native engine is used, require', () => {
    const code = "const { saveSync } = require('indelible'); saveSync('file', 'x'); console.log('saved');";
    const printed = withPrebuilds.run(code, { INDELIBLE_ENGINE: 'native' }, 'program.cjs');
    expect(printed === 'saved', printed);
    return undefined;
  });
  await checks.run('installs node-gyp-build beside it, and nothing else', () => {
    const names = [...withPrebuilds.sizes().keys()].sort().join(', ');
    expect(names === 'indelible, node-gyp-build', names);
    return undefined;
  });
  await checks.run('the command prints its version', () =>
    withPrebuilds.runCommand('indelible', '--version').trim(),
  );
  await checks.run("the command measures its own implementations and the user's", () => {
    writeFileSync(join(withPrebuilds.directory, 'mine.mjs'), CONTENDER);
    const args = ['bench', '--quick', '--seconds', '0.5', '--json', '-', '--contender', './mine.mjs'];
    const { runs }: Measured = JSON.parse(withPrebuilds.runCommand('indelible', ...args));
    const names = runs.flatMap(({ contenders }) => contenders.map(({ name }) => name));
    for (const name of ['save, durable', 'portable, durable', 'textbook, async', 'mine']) {
      expect(names.includes(name), `${name} is not among ${names.join('; ')}`);
    }
    return `${names.length} implementations`;
  });
  await checks.run('the command writes the page of docs/', () => {
    withPrebuilds.runCommand('indelible', 'demo', 'page.html', '--no-open');
    const [written, page] = [
      join(withPrebuilds.directory, 'page.html'),
      join(projectRoot, 'docs/see-it-work.html'),
    ];
    expect(readFileSync(written).equals(readFileSync(page)), 'it is a different page');
    return undefined;
  });

  const withoutPrebuilds = project('without-prebuilds');
  await checks.run('without prebuilds: installs, and prints nothing', () => {
    const printed = withoutPrebuilds.install([packedForRegistry(packed, scratch, ['prebuilds'])]);
    expect(!/indelible|warn/i.test(printed), printed);
    return undefined;
  });
  await checks.run('then the portable engine is used', () => {
    expect(withoutPrebuilds.run(SAVE) === 'saved', 'it is not');
    return undefined;
  });
  await checks.run('then forcing the native engine is an error', () => {
    const code =
      "import { saveSync } from 'indelible'; try { saveSync('f', ''); } catch (e) { console.log(e.code); }";
    const printed = withoutPrebuilds.run(code, { INDELIBLE_ENGINE: 'native' });
    expect(printed === 'ERR_INDELIBLE_UNSUPPORTED', printed);
    return printed;
  });

  await checks.run(`the installation has at most ${LARGEST_INSTALLATION} bytes`, () => {
    const sizes = withPrebuilds.sizes();
    const missing = targets.filter(
      (target) => !existsSync(join(projectRoot, 'prebuilds', prebuildPath(target))),
    );
    const sum = [...sizes.values()].reduce((a, b) => a + b, 0) + missing.length * PREBUILD;
    const allowance =
      missing.length === 0 ? '' : `, with ${PREBUILD} for each of ${missing.length} missing prebuilds`;
    const said = `${sum} bytes${allowance}: ${[...sizes].map(([name, bytes]) => `${name} ${bytes}`).join(', ')}`;
    expect(sum <= LARGEST_INSTALLATION, said);
    return said;
  });

  const musl = targets.find(({ arch, libc }) => arch === process.arch && libc === 'musl');
  const what = "the prebuild for musl loads with musl's own loader";
  if (musl === undefined || !isProgram(MUSL_COMPILER)) {
    checks.notRun(what, "musl-gcc is not installed (Debian's package musl-tools)");
  } else {
    const prebuild = join(projectRoot, 'prebuilds', prebuildPath(musl));
    await checks.run(what, () => loadWithMusl(prebuild, toolchain().nodeApi(), scratch));
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
checks.finish();

function isProgram(name: string): boolean {
  return spawnSync(name, ['--version']).error === undefined;
}
