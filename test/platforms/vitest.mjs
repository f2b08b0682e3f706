// Replaces vitest for the behaviour tests where vitest does not run. Its bundler has no binary that loads
// under Wine, and in an emulator it would take too long. Tests run one after the other. A skipped test
// reports the reason.
import { relative, sep } from 'node:path';
import { mock } from 'node:test';
import { fileURLToPath } from 'node:url';
import { format } from 'node:util';

class Suite {
  constructor(name, parent, skipped) {
    this.name = name;
    this.parent = parent;
    this.skipped = skipped;
    this.entries = [];
    this.hooks = { beforeAll: [], afterAll: [], beforeEach: [], afterEach: [] };
  }
}

class Skip extends Error {}

const root = new Suite('', undefined, false);
let current = root;

function skippable(register) {
  return Object.assign((name, body) => register(name, body, false), {
    skipIf: (condition) => (name, body) => register(name, body, Boolean(condition)),
    runIf: (condition) => (name, body) => register(name, body, !condition),
    skip: (name, body) => register(name, body, true),
    each: (cases) => (name, body) => {
      for (const one of cases) {
        const values = Array.isArray(one) ? one : [one];
        const shown = values.slice(0, name.match(/%[sdi]/g)?.length ?? 0);
        const title = format(name, ...shown).replaceAll(/\$(\w+)/g, (_, key) => String(values[0][key]));
        register(title, (...context) => body(...values, ...context), false);
      }
    },
  });
}

export const describe = skippable((name, body, skipped) => {
  const suite = new Suite(name, current, skipped || current.skipped);
  current.entries.push(suite);
  current = suite;
  try {
    body();
  } finally {
    current = suite.parent;
  }
});

export const it = skippable((name, body, skipped) => {
  current.entries.push({ name, body, skipped: skipped || current.skipped });
});

function hook(kind) {
  return (body) => current.hooks[kind].push(body);
}
export const beforeAll = hook('beforeAll');
export const afterAll = hook('afterAll');
export const beforeEach = hook('beforeEach');
export const afterEach = hook('afterEach');

const context = {
  skip(condition, reason) {
    if (condition === true || typeof condition === 'string') throw new Skip(reason ?? condition);
  },
};

export const vi = {
  spyOn(object, name) {
    const { mock: spied } = mock.method(object, name);
    return {
      mock: {
        get calls() {
          return spied.calls.map((one) => one.arguments);
        },
      },
      mockRestore: () => spied.restore(),
    };
  },
  useFakeTimers() {
    throw new Skip("vitest's timers are not here");
  },
  useRealTimers() {},
  isFakeTimers: () => false,
};

/** The suites from the outermost on. */
function chain(suite) {
  return suite === undefined ? [] : [...chain(suite.parent), suite];
}

async function runTest(suite, test, report) {
  const suites = chain(suite);
  let failure;
  try {
    for (const each of suites) for (const before of each.hooks.beforeEach) await before(context);
    await test.body(context);
  } catch (error) {
    failure = error;
  }
  for (const each of suites.reverse()) {
    for (const after of each.hooks.afterEach.toReversed()) {
      try {
        await after(context);
      } catch (error) {
        failure ??= error;
      }
    }
  }
  if (failure instanceof Skip) report('skipped', failure.message);
  else if (failure === undefined) report('passed');
  else report('failed', failure instanceof Error ? (failure.stack ?? failure.message) : String(failure));
}

async function runSuite(suite, names, inapplicable, report) {
  let failure;
  try {
    if (!suite.skipped) for (const before of suite.hooks.beforeAll) await before();
  } catch (error) {
    failure = error;
  }
  for (const entry of suite.entries) {
    const path = [...names, entry.name];
    const name = path.join(' > ');
    const reason = inapplicable(name);
    if (entry instanceof Suite) await runSuite(entry, path, inapplicable, report);
    else if (entry.skipped) report(name, 'skipped', 'by its own condition');
    else if (reason !== undefined) report(name, 'skipped', reason);
    else if (failure !== undefined) report(name, 'failed', failure.stack);
    else await runTest(suite, entry, (...outcome) => report(name, ...outcome));
  }
  if (!suite.skipped) for (const after of suite.hooks.afterAll) await after();
}

/**
 * Loads a file of tests and runs them.
 *
 * @param inapplicable returns the reason if a test does not apply here, by its file and name; else `undefined`.
 * @param report is called for each test with its name, its outcome and the reason of that.
 */
export async function run(url, inapplicable, report) {
  await import(url);
  const file = relative(fileURLToPath(new URL('../..', import.meta.url)), fileURLToPath(url))
    .split(sep)
    .join('/');
  await runSuite(root, [], (name) => inapplicable(file, name), report);
}
