import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { fileURLToPath } from 'node:url';
import { beforeEach, describe, it } from 'vitest';
import { type Saved, save } from '../../src/index.js';
import { ended, programPath } from '../node-process.js';
import { ScratchDirectory } from '../scratch-directory.js';
import { engineUnderTest } from './engine-under-test.js';
import { dead, nameOf } from './leftover-names.js';

const scratch = new ScratchDirectory();
const root = fileURLToPath(new URL('../..', import.meta.url));
/** Its name until Node.js 22. */
const OPTION = process.allowedNodeEnvironmentFlags.has('--permission')
  ? '--permission'
  : '--experimental-permission';
/** Node.js 26 refuses the sync of a FileHandle too. */
const syncsHandles = Number.parseInt(process.versions.node, 10) < 26;
const isNative = engineUnderTest === 'native';
/** An addon that is tried in the place of the project's own (test/sanitizers). */
const { INDELIBLE_PREBUILD: otherAddon } = process.env;

interface Denied {
  code: string;
  permission: string;
  resource: string;
  published: boolean;
  path: string;
  message: string;
  codes?: string[];
}

type Outcome = { result?: Partial<Saved>; error?: Denied };
type Call = [call: string, ...given: unknown[]];

/** Runs calls in a process that may write below `allowed` and may read everything it needs. */
async function run(
  calls: readonly Call[],
  { options = [], engine = engineUnderTest }: { options?: readonly string[]; engine?: string } = {},
): Promise<Outcome[]> {
  const program = spawn(
    process.execPath,
    [
      OPTION,
      '--no-warnings',
      `--allow-fs-read=${root}*`,
      `--allow-fs-read=${scratch.path}/*`,
      ...(otherAddon === undefined ? [] : [`--allow-fs-read=${otherAddon}*`]),
      ...(isNative ? ['--allow-addons'] : []),
      ...(options.length > 0 ? options : [`--allow-fs-write=${scratch.at('allowed')}/*`]),
      programPath('under-permissions.mjs'),
      JSON.stringify(calls.map(([call, ...given]) => ({ call, arguments: given }))),
    ],
    { env: { ...process.env, INDELIBLE_ENGINE: engine } },
  );
  const { code, stdout, stderr } = await ended(program);
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout);
}

function errorOf(outcome: Outcome | undefined): Denied {
  return outcome?.error ?? assert.fail(`it was not refused: ${JSON.stringify(outcome)}`);
}

function resultOf(outcome: Outcome | undefined): Partial<Saved> {
  return outcome?.result ?? assert.fail(JSON.stringify(outcome));
}

describe("under Node's permission model", () => {
  const at = (name: string): string => scratch.at('allowed', name);
  const content = (name: string): string => readFileSync(at(name), 'utf8');

  beforeEach(() => {
    for (const directory of ['allowed', 'denied']) mkdirSync(scratch.at(directory));
    writeFileSync(scratch.at('denied', 'file'), 'old');
  });

  const saves: [string, ...unknown[]][] = [
    ['save', 'content'],
    ['saveSync', 'content'],
    ['chunks'],
    ['chunksSync'],
    ['stream'],
    ['append', 'content'],
    ['appendSync', 'content'],
  ];

  it('every call saves where it may', async () => {
    const outcomes = await run(saves.map(([call, ...given]) => [call, at(call), ...given]));
    outcomes.map(resultOf);
    assert.deepEqual(
      saves.map(([call]) => content(call)),
      ['content', 'content', 'chunks', 'chunks', 'stream', 'content', 'content'],
    );
    assert.deepEqual(readdirSync(scratch.at('allowed')).sort(), saves.map(([call]) => call).sort());
  });

  it.each([
    ['may read and write its directory', ['*'], 0],
    ['may write that file only', ['file'], 1],
  ] as const)(
    'a save that %s removes what a dead program has left there, or nothing',
    async (_, below, left) => {
      writeFileSync(at(nameOf('l', dead())), '');
      const writable = below.map((name) => `--allow-fs-write=${at(name)}`);
      // There it sees which program lives.
      const readable = '--allow-fs-read=/proc/*';
      const [outcome] = await run([['saveSync', at('file'), 'content', { durability: 'none' }]], {
        options: [...writable, readable],
      });
      if (isNative) resultOf(outcome);
      assert.equal(readdirSync(scratch.at('allowed')).filter((name) => name !== 'file').length, left);
    },
  );

  it('claims no durability that it could not achieve', async () => {
    const { durability } = await save(at('unrestricted'), 'content');
    // Other systems have no flag with which each write syncs the file.
    const weaker = process.platform !== 'linux' ? 'none' : durability === 'durable' ? 'ordered' : durability;
    const [asynchronous, synchronous] = await run([
      ['save', at('a'), 'content'],
      ['saveSync', at('b'), 'content'],
    ]);
    assert.equal(resultOf(asynchronous).durability, isNative || syncsHandles ? durability : weaker);
    assert.equal(resultOf(synchronous).durability, isNative ? durability : weaker);
  });

  it('refuses with strict what it could not achieve, before anything is written', async () => {
    const { durability } = await save(at('file'), 'old');
    if (durability !== 'durable' || isNative) return;
    const [outcome] = await run([['saveSync', at('file'), 'new', { strict: true }]]);
    assert.deepEqual(
      [errorOf(outcome).code, errorOf(outcome).published],
      ['ERR_INDELIBLE_NOT_DURABLE', false],
    );
    assert.equal(content('file'), 'old');
  });

  it('replaces files, keeps the mode and the old version, and makes directories', async () => {
    writeFileSync(at('file'), 'old');
    chmodSync(at('file'), 0o644);
    const options = { keepPrevious: at('previous') };
    for (const call of ['save', 'saveSync']) {
      writeFileSync(at('file'), 'old');
      const outcomes = await run([
        [call, at('file'), 'new', options],
        [call, at('made/deep/file'), 'content', { makeDirectories: true }],
      ]);
      outcomes.map(resultOf);
      assert.deepEqual(
        [content('file'), content('previous'), content('made/deep/file')],
        ['new', 'old', 'content'],
      );
      assert.equal(statSync(at('file')).mode & 0o7777, 0o644);
    }
  });

  it('saves through a link, and only if the file does not exist', async () => {
    symlinkSync('file', at('link'));
    const [created, again] = await run([
      ['save', at('link'), 'content'],
      ['saveSync', at('file'), 'again', { ifExists: 'fail' }],
    ]);
    resultOf(created);
    assert.equal(errorOf(again).code, 'EEXIST');
    assert.equal(content('file'), 'content');
  });

  it('gives a file exactly the mode that was asked for, or refuses', async () => {
    const [privately, groups, everybody] = await run([
      ['save', at('private'), 'content', { mode: 0o600 }],
      ['saveSync', at('group'), 'content', { mode: 0o640 }],
      ['save', at('everybody'), 'content', { mode: 0o666 }],
    ]);
    resultOf(privately);
    resultOf(groups);
    assert.equal(statSync(at('private')).mode & 0o7777, 0o600);
    assert.equal(statSync(at('group')).mode & 0o7777, 0o640);
    // The umask of this process takes some bits of the last one away, which plain `fs` may not set there.
    if (everybody?.error === undefined) assert.equal(statSync(at('everybody')).mode & 0o7777, 0o666);
    else {
      assert.deepEqual([everybody.error.code, everybody.error.published], ['ERR_ACCESS_DENIED', false]);
      assert.equal(existsSync(at('everybody')), false);
    }
  });

  it('never gives more rights than the old file had', async () => {
    for (const mode of [0o666, 0o640, 0o060, 0o4755, 0o700]) {
      for (const call of ['save', 'saveSync']) {
        writeFileSync(at(`${call}-${mode}`), 'old');
        chmodSync(at(`${call}-${mode}`), mode);
      }
    }
    const names = readdirSync(scratch.at('allowed'));
    const outcomes = await run(names.map((name) => [name.split('-')[0] ?? '', at(name), 'new']));
    outcomes.map(resultOf);
    for (const name of names) {
      const now = statSync(at(name)).mode & 0o7777;
      assert.equal(now & ~Number(name.split('-')[1]), 0, `${name} became ${now}`);
    }
  });

  it('keeps the mode and gives every mode if it may write everywhere', async () => {
    writeFileSync(at('file'), 'old');
    chmodSync(at('file'), 0o660);
    const options = ['--allow-fs-write=*', '--allow-fs-read=*'];
    const outcomes = await run(
      [
        ['save', at('file'), 'new'],
        ['saveSync', at('everybody'), 'content', { mode: 0o666 }],
        ['replaceSymlink', 'file', at('link')],
      ],
      { options },
    );
    outcomes.map(resultOf);
    assert.equal(statSync(at('file')).mode & 0o7777, 0o660);
    assert.equal(statSync(at('everybody')).mode & 0o7777, 0o666);
    assert.equal(content('link'), 'new');
  });

  const denied = (name: string): string => scratch.at('denied', name);

  const refusals: [string, () => Call][] = [
    ['save', () => ['save', denied('file'), 'new']],
    ['saveSync', () => ['saveSync', denied('file'), 'new']],
    ['save of a new file', () => ['save', denied('new'), 'new']],
    ['save by another way', () => ['save', `${scratch.at('allowed')}/../denied/file`, 'new']],
    ['save in chunks', () => ['chunks', denied('file')]],
    ['saveSync in chunks', () => ['chunksSync', denied('file')]],
    ['a stream', () => ['stream', denied('file')]],
    ['update', () => ['append', denied('file'), 'new']],
    ['updateSync', () => ['appendSync', denied('file'), 'new']],
    ['keepPrevious', () => ['save', at('file'), 'new', { keepPrevious: denied('file') }]],
    ['makeDirectories', () => ['saveSync', denied('made/file'), 'new', { makeDirectories: true }]],
    ['replaceSymlink', () => ['replaceSymlink', 'file', denied('link')]],
    ['replaceDirectory', () => ['replaceDirectory', at('tree'), denied('tree')]],
    ['sweep', () => ['sweep', scratch.at('denied')]],
  ];
  const nativeRefusals: typeof refusals = [
    ['exchange', () => ['exchange', at('file'), denied('file')]],
    ['renameExclusive', () => ['renameExclusive', at('file'), denied('new')]],
    ['openTemporary', () => ['temporary', scratch.at('denied')]],
    ['renameat2', () => ['renameat2', at('file'), denied('new')]],
    ['linkat', () => ['linkat', denied('file'), at('new')]],
  ];
  it("refuses every call where it may not write, in Node's form, and changes nothing", async () => {
    writeFileSync(at('file'), 'mine');
    mkdirSync(at('tree'));
    // The name of a temporary whose writer is gone.
    linkSync(denied('file'), denied(`.indelible-${'a'.repeat(16)}`));
    const before = readdirSync(scratch.at('denied'));
    const calls = isNative ? [...refusals, ...nativeRefusals] : refusals;
    const outcomes = await run(calls.map(([, callOf]) => callOf()));
    for (const [index, [name]] of calls.entries()) {
      const { code, published, permission, message } = errorOf(outcomes[index]);
      assert.deepEqual([code, published], ['ERR_ACCESS_DENIED', false], name);
      const form = /^(FileSystemWrite Access to this API has been restricted| fs\.symlink API requires)/;
      assert.match(`${permission} ${message}`, form, name);
    }
    assert.equal(readFileSync(denied('file'), 'utf8'), 'old');
    assert.equal(content('file'), 'mine');
    assert.deepEqual(readdirSync(scratch.at('denied')), before);
    assert.deepEqual(readdirSync(scratch.at('allowed')), ['file', 'tree']);
  });

  it('saves the other files of saveAll', async () => {
    const files = [
      { path: denied('file'), data: 'new' },
      { path: at('file'), data: 'new' },
    ];
    for (const call of ['saveAll', 'saveAllSync']) {
      const [outcome] = await run([[call, files]]);
      assert.deepEqual(errorOf(outcome).codes, ['ERR_ACCESS_DENIED']);
      assert.equal(content('file'), 'new');
      assert.equal(readFileSync(denied('file'), 'utf8'), 'old');
    }
  });

  if (!isNative) {
    it('uses the portable engine if addons are not allowed', async () => {
      const [saved, link] = await run(
        [
          ['save', at('file'), 'content'],
          ['exchange', at('file'), at('other')],
        ],
        { engine: '' },
      );
      resultOf(saved);
      assert.equal(errorOf(link).code, 'ERR_INDELIBLE_UNSUPPORTED');
    });
  }
});
