import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Checks, expect } from '../checks.js';
import { toolFile, type Workplace } from './workplace.js';

/** In the bodies of the tests: `load` loads the library, `reset` forgets the modules, `is` compares. */
function ordered(load: string, reset: string): string {
  return `
  const one = ${load};
  const saves = Array.from({ length: 20 }, (_, version) => one.save('ordered', 'older ' + version));
  ${reset}
  const other = ${load};
  const last = other.save('ordered', 'newest');
  const saved = await Promise.all([...saves, last]);
  other.saveSync('synchronous', 'content');
  const stream = other.createSaveStream('stream');
  await new Promise((resolve, reject) => stream.on('finish', resolve).on('error', reject).end('content'));
  is(readFileSync('ordered', 'utf8'), 'newest');
  is(new Set(saved.map(({ durability, protocol }) => durability + protocol)).size, 1);
`;
}

const TITLE = 'saves under way stay in order when the modules are loaded again';
const READ = "const { readFileSync } = require('node:fs');";
const IS = 'const is = (a, b) => expect(a).toBe(b);';

const JEST = `${READ}
${IS}
test('${TITLE}', async () => {
  let previous;
  const load = () => {
    const library = require('indelible');
    expect(library).not.toBe(previous);
    previous = library;
    return library;
  };
  ${ordered('load()', 'jest.resetModules();')}
  expect(require('indelible/primitives').RENAME_EXCHANGE).toBe(2);
});
test('a mock of node:fs is used by the portable engine', () => {
  jest.resetModules();
  const opened = [];
  jest.doMock('node:fs', () => {
    const actual = jest.requireActual('node:fs');
    return { ...actual, openSync: (...args) => { opened.push(args[0]); return actual.openSync(...args); } };
  });
  process.env.INDELIBLE_ENGINE = 'portable';
  require('indelible').saveSync('mocked', 'content');
  expect(opened).not.toEqual([]);
});
test('a call can be replaced by a spy', () => {
  const library = require('indelible');
  jest.spyOn(library, 'saveSync').mockReturnValue(undefined);
  library.saveSync('spied', 'content');
  expect(library.saveSync).toHaveBeenCalledTimes(1);
});
`;

const TS_JEST = `import { readFileSync } from 'node:fs';
import { type Saved, save } from 'indelible';
test('saves', async () => {
  const saved: Saved = await save('saved-by-typed', 'content');
  expect(saved.replaced).toBe(false);
  expect(readFileSync('saved-by-typed', 'utf8')).toBe('content');
});
`;

const VITEST = `import { readFileSync } from 'node:fs';
import { expect, test, vi } from 'vitest';
${IS}
test('${TITLE}', async () => {${ordered("await import('indelible')", 'vi.resetModules();')}});
`;

const TAP = `import { readFileSync } from 'node:fs';
import t from 'tap';
t.test('${TITLE}', async (t) => {
  const is = (a, b) => t.equal(a, b);
  ${ordered("t.mockRequire('indelible', {})", '')}
});
`;

const MOCHA = `${READ}
const { deepStrictEqual: is } = require('node:assert');
it('${TITLE}', async () => {
  ${ordered("require('indelible')", 'for (const path of Object.keys(require.cache)) delete require.cache[path];')}
});
`;

/** Uses the package in the runners of tests that others have. */
export async function checkTestRunners(checks: Checks, project: Workplace) {
  project.link('@types/node', 'undici-types', '@types/jest', 'vitest', 'tap');
  const jest = (version: number, test: string, config: object = {}) => {
    const all = { rootDir: project.directory, testRegex: [`/${test}$`], testEnvironment: 'node', ...config };
    const file = project.write(`jest-${version}.json`, JSON.stringify(all));
    const printed = project.node([toolFile(`jest-${version}/bin/jest.js`), '--config', file, '--no-cache']);
    expect(/^Tests: .* passed/m.test(printed) && !/warn/i.test(printed), printed);
    return versionOf(`jest-${version}`);
  };
  project.write('in-jest.test.cjs', JEST);
  for (const version of [29, 30]) {
    await checks.run(`Jest ${version}, with resetModules and saves under way`, () =>
      jest(version, 'in-jest.test.cjs'),
    );
  }
  project.write('typed/in-ts-jest.test.ts', TS_JEST);
  project.write('typed/package.json', '{ "type": "commonjs" }');
  await checks.run('ts-jest', () => {
    const compilerOptions = {
      module: 'node16',
      moduleResolution: 'node16',
      strict: true,
      isolatedModules: true,
      types: ['node', 'jest'],
    };
    const transform = { '^.+\\.ts$': [toolFile('ts-jest'), { tsconfig: compilerOptions }] };
    jest(29, 'in-ts-jest.test.ts', { transform });
    return versionOf('ts-jest');
  });

  project.write('in-vitest.test.mjs', VITEST);
  const vitest = (inline: string) => {
    project.write(
      'vitest.config.mjs',
      `export default { test: { server: { deps: { inline: ${inline} } } } };`,
    );
    const printed = project.node([toolFile('vitest/vitest.mjs'), 'run', 'in-vitest.test.mjs']);
    expect(/Tests +1 passed/.test(printed), printed);
    return versionOf('vitest');
  };
  await checks.run('Vitest, with vi.resetModules and saves under way', () => vitest('[]'));

  project.write('in-tap.test.mjs', TAP);
  await checks.run('tap, with mockRequire and saves under way', () => {
    const printed = project.node(['in-tap.test.mjs']);
    expect(/# pass +[1-9]/.test(printed) || /^ok 1/m.test(printed), printed);
    return versionOf('tap');
  });

  project.write('in-mocha.test.cjs', MOCHA);
  await checks.run('Mocha, with modules loaded again and saves under way', () => {
    const printed = project.node([toolFile('mocha/bin/mocha.js'), 'in-mocha.test.cjs']);
    expect(printed.includes('1 passing'), printed);
    return versionOf('mocha');
  });
}

/** The version of a tool, for the table. */
export function versionOf(name: string): string {
  const { version }: { version: string } = JSON.parse(
    readFileSync(toolFile(join(name, 'package.json')), 'utf8'),
  );
  return `passes (${version})`;
}
