/**
 * The rooms of the sources, and which may import which. `README.md` in each folder says the same in a sentence.
 * Imports of types count like all others: a type that two rooms need belongs into the lower one.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { describe, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** From top to bottom. A file imports from its own room and from layers below. Rooms in one layer do not import each other. */
const LAYERS: Readonly<Record<'TypeScript' | 'C++', readonly (readonly string[])[]>> = {
  TypeScript: [
    ['test', 'test/applications', 'bench/development'],
    ['test/lab'],
    ['docs/see-it-work'],
    ['packaging'],
    ['src/cli'],
    ['bench/report'],
    ['bench/measure'],
    ['bench/contenders'],
    ['src'],
    ['src/compat'],
    ['src/api'],
    ['src/names', 'src/engine'],
    ['src/fs'],
    ['src/addon'],
    ['src/filesystem'],
    ['src/base'],
  ],
  'C++': [
    ['test'],
    ['native/binding'],
    ['native/scheduler'],
    ['native/save'],
    ['native/platform'],
    ['native/base'],
  ],
};

/** Implementations of one interface. Neither knows of the other. */
const SIBLINGS: readonly (readonly [string, string])[] = [
  ['src/engine/native', 'src/engine/portable'],
  ['src/fs/native-calls.ts', 'src/fs/plain/plain-calls.ts'],
];

/** The files that each file imports or includes, by path from the root of the project. */
type Imports = ReadonlyMap<string, readonly string[]>;

function sources(pattern: RegExp): string[] {
  const options = { cwd: root, encoding: 'utf8' } as const;
  const listed = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], options);
  return listed.split('\n').filter((path) => pattern.test(path) && existsSync(`${root}/${path}`));
}

function read(path: string): string {
  return readFileSync(`${root}/${path}`, 'utf8');
}

/** Includes `import type`, `export … from` and `import('…')` in types and in code. */
function typescriptImports(): Imports {
  return new Map(
    sources(/\.m?ts$/).map((path) => {
      const { importedFiles } = ts.preProcessFile(read(path));
      const relative = importedFiles.map(({ fileName }) => fileName).filter((name) => name.startsWith('.'));
      return [path, relative.map((name) => resolveImport(path, name).replace(/\.js$/, '.ts'))];
    }),
  );
}

function cppIncludes(): Imports {
  return new Map(
    sources(/\.(cc|h)$/).map((path) => {
      const names = [...read(path).matchAll(/^\s*#\s*include\s+"([^"]+)"/gm)].map(([, name = '']) => name);
      return [path, names.map((name) => resolveImport(path, name))];
    }),
  );
}

function resolveImport(importer: string, name: string): string {
  return posix.join(posix.dirname(importer), name);
}

function isIn(path: string, room: string): boolean {
  return path === room || path.startsWith(`${room}/`);
}

/** The innermost room of a file, and the number of its layer from the top. */
function placeOf(
  path: string,
  layers: readonly (readonly string[])[],
): { room: string; layer: number } | undefined {
  let place: { room: string; layer: number } | undefined;
  for (const [layer, rooms] of layers.entries()) {
    for (const room of rooms) {
      if (isIn(path, room) && room.length > (place?.room.length ?? 0)) place = { room, layer };
    }
  }
  return place;
}

function wrongImports(imports: Imports, layers: readonly (readonly string[])[]): string[] {
  return [...imports].flatMap(([importer, imported]) => {
    const from = placeOf(importer, layers);
    return imported.flatMap((path) => {
      const to = placeOf(path, layers);
      // What has no room (the addon's build, a configuration file) has no layer.
      if (from === undefined || to === undefined) return [];
      const upwards = from.room !== to.room && to.layer <= from.layer;
      const sideways = SIBLINGS.some(
        ([one, other]) =>
          (isIn(importer, one) && isIn(path, other)) || (isIn(importer, other) && isIn(path, one)),
      );
      return upwards || sideways ? [`${importer} imports ${path}`] : [];
    });
  });
}

/** Each circle of files once, as a path that ends where it begins. */
function circles(imports: Imports): string[] {
  const finished = new Set<string>();
  const found: string[] = [];
  for (const start of imports.keys()) {
    const path: string[] = [];
    const pending: { file: string; next: number }[] = [{ file: start, next: 0 }];
    while (pending.length > 0) {
      const step = pending.at(-1);
      if (step === undefined) break;
      if (step.next === 0) path.push(step.file);
      const imported = finished.has(step.file) ? undefined : imports.get(step.file)?.[step.next];
      step.next += 1;
      if (imported === undefined) {
        finished.add(step.file);
        path.pop();
        pending.pop();
      } else if (path.includes(imported)) {
        found.push([...path.slice(path.indexOf(imported)), imported].join(' > '));
      } else {
        pending.push({ file: imported, next: 0 });
      }
    }
  }
  return found;
}

const IMPORTS = { TypeScript: typescriptImports(), 'C++': cppIncludes() };

describe.each(['TypeScript', 'C++'] as const)('the rooms of the %s sources', (language) => {
  const imports = IMPORTS[language];
  const layers = LAYERS[language];

  it('import only downwards', () => {
    assert.deepEqual(wrongImports(imports, layers), []);
  });

  it('have no circle of files, imports of types included', () => {
    assert.deepEqual(circles(imports), []);
  });

  it('resolve every relative import to a file of the project', () => {
    const missing = [...imports].flatMap(([importer, imported]) =>
      imported.filter((path) => !existsSync(`${root}/${path}`)).map((path) => `${importer}: ${path}`),
    );
    // dist/ and generated files are made by the build.
    assert.deepEqual(
      missing.filter((line) => !/: (dist|build)\//.test(line)),
      [],
    );
  });

  // Each import from one layer into another that the sources really have, turned round.
  const arrows = new Map<string, readonly [importer: string, imported: string]>();
  for (const [importer, imported] of imports) {
    for (const path of imported) {
      const [from, to] = [placeOf(importer, layers), placeOf(path, layers)];
      if (from !== undefined && to !== undefined && from.room !== to.room) {
        arrows.set(`${to.room} -> ${from.room}`, [path, importer]);
      }
    }
  }

  it.each([...arrows])('refuse an import that is turned round: %s', (_, [importer, imported]) => {
    const turned = new Map(imports).set(importer, [...(imports.get(importer) ?? []), imported]);
    assert.ok(wrongImports(turned, layers).includes(`${importer} imports ${imported}`));
    assert.notDeepEqual(circles(turned), []);
  });
});

describe('the sources of the addon outside native/platform', () => {
  const files = sources(/^native\/.*\.(cc|h)$/).filter((path) => !isIn(path, 'native/platform'));

  it('have no platform condition', () => {
    const condition = /^\s*#\s*(if|ifdef|elif|ifndef (?!INDELIBLE_\w+_H_))\b/m;
    assert.deepEqual(
      files.filter((path) => condition.test(read(path))),
      [],
    );
  });

  it('include no header of system calls', () => {
    const header = /^\s*#\s*include\s+<(sys\/|linux\/|fcntl|unistd|dirent|pthread|windows|winternl)/m;
    assert.deepEqual(
      files.filter((path) => header.test(read(path))),
      [],
    );
  });

  // An error that errno.h of Linux has, and that of Windows has not (Microsoft's C runtime, "errno constants").
  it('name no error number that Windows lacks', () => {
    const linuxOnly =
      /\bE(STALE|DQUOT|REMOTE\w*|MULTIHOP|USERS|SHUTDOWN|HOSTDOWN|NOTBLK|UCLEAN|NOATTR|BADFD|ISNAM)\b/;
    const code = (path: string) => read(path).replace(/\/\/.*$/gm, '');
    assert.deepEqual(
      files.filter((path) => linuxOnly.test(code(path))),
      [],
    );
  });
});

describe('the programs of a scenario', () => {
  // test/lab/kernels/initramfs.ts has no other code of the project but the built library.
  it.each(['scenario-process', 'committer', 'memory-pressure'])(
    'load only test/lab in a guest: %s',
    (program) => {
      const loaded = new Set([`test/lab/${program}.ts`]);
      for (const path of loaded) {
        for (const [, name = ''] of read(path).matchAll(/^import (?!type )[^;]*? from '(\.[^']+)';$/gm)) {
          loaded.add(resolveImport(path, name).replace(/\.js$/, '.ts'));
        }
      }
      assert.deepEqual(
        [...loaded].filter((path) => !isIn(path, 'test/lab')),
        [],
      );
    },
  );
});

describe('every room', () => {
  const rooms = [...LAYERS.TypeScript.flat(), ...LAYERS['C++'].flat()];
  it.each([...new Set([...rooms, 'bench'])])('says in a README what lives in it: %s', (room) => {
    assert.ok(existsSync(`${root}/${room}/README.md`));
  });
});
