import { chmodSync, copyFileSync, cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Checks, expect } from '../checks.js';
import { printedBy, toolFile, type Workplace } from './workplace.js';

/** What a single executable application looks for in the program (https://nodejs.org/api/single-executable-applications.html). */
const FUSE = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2';

/** Makes a single executable application of the program that esbuild has bundled. */
export async function checkSingleExecutable(checks: Checks, project: Workplace, scratch: string) {
  if (process.platform !== 'linux')
    return checks.notRun('a single executable application', 'only done on Linux');
  if (!readFileSync(process.execPath).includes(FUSE)) {
    return checks.notRun('a single executable application', `${process.execPath} cannot become one`);
  }
  const directory = join(scratch, 'single');
  const program = join(directory, 'program');
  await checks.run('a single executable application: the portable engine is used', () => {
    mkdirSync(directory);
    copyFileSync(join(project.directory, 'built/esbuild/bundle.cjs'), join(directory, 'main.cjs'));
    const config = { main: 'main.cjs', output: 'blob', disableExperimentalSEAWarning: true };
    writeFileSync(join(directory, 'config.json'), JSON.stringify(config));
    printedBy(process.execPath, ['--experimental-sea-config', 'config.json'], directory);
    copyFileSync(process.execPath, program);
    chmodSync(program, 0o755);
    const inject = [toolFile('postject/dist/cli.js'), program, 'NODE_SEA_BLOB', join(directory, 'blob')];
    printedBy(process.execPath, [...inject, '--sentinel-fuse', FUSE], directory);
    const printed = printedBy(program, [join(scratch, 'file')], scratch);
    expect(printed === 'saved\n', printed);
    return undefined;
  });
  await checks.run('a single executable application beside node_modules: the native engine is used', () => {
    for (const name of ['indelible', 'node-gyp-build']) {
      cpSync(join(project.directory, 'node_modules', name), join(directory, 'node_modules', name), {
        recursive: true,
      });
    }
    const printed = printedBy(program, [join(scratch, 'file')], scratch, { INDELIBLE_ENGINE: 'native' });
    expect(printed === 'saved\n', printed);
    return undefined;
  });
}
