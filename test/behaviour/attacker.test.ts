import assert from 'node:assert/strict';
import { type ChildProcessWithoutNullStreams, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, it } from 'vitest';
import * as indelible from '../../src/index.js';
import { isRoot, MEMORY } from '../machine.js';
import { ScratchDirectory } from '../scratch-directory.js';

const source = fileURLToPath(new URL('../programs/exchange-link.c', import.meta.url));
const hasCompiler = spawnSync('cc', ['--version']).error === undefined;
if (!hasCompiler) process.stderr.write('attacker.test.ts is skipped: there is no C compiler\n');

const USER = 4321;
/** Before the links were judged, one of some thirty tries hit. */
const TRIES = Number(process.env.INDELIBLE_ATTACKER_TRIES ?? 1000);

const canAttack = process.platform === 'linux' && isRoot && hasCompiler;

describe.skipIf(!canAttack)(
  'another user who keeps exchanging a file and a link in a sticky directory',
  () => {
    const scratch = new ScratchDirectory(process.platform === 'linux' ? () => MEMORY : undefined);
    let directory = '';
    let attacker: ChildProcessWithoutNullStreams;
    const path = () => scratch.at('shared', 'report');
    const secret = () => scratch.at('private', 'secret');

    beforeAll(() => {
      directory = mkdtempSync(join(tmpdir(), 'indelible-attacker-'));
      execFileSync('cc', ['-O2', '-Wall', '-Wextra', '-Werror', '-o', join(directory, 'attacker'), source]);
    });
    afterAll(() => rmSync(directory, { recursive: true, force: true }));

    beforeEach(async () => {
      chmodSync(scratch.path, 0o755);
      mkdirSync(scratch.at('private'), 0o700);
      writeFileSync(secret(), 'secret', { mode: 0o600 });
      mkdirSync(scratch.at('shared'));
      chmodSync(scratch.at('shared'), 0o1777);
      const args = [scratch.at('shared'), 'report', secret(), `${USER}`];
      attacker = spawn(join(directory, 'attacker'), args);
      await once(attacker.stdout, 'data');
    });
    afterEach(async () => {
      attacker.stdin.end();
      if (attacker.exitCode === null) await once(attacker, 'exit');
    });

    /** Makes a call again and again. Every call has to be refused. */
    async function attack(call: () => unknown): Promise<void> {
      const codes = new Set<unknown>();
      for (let tries = 0; tries < TRIES; tries += 1) {
        try {
          await call();
          codes.add('none');
        } catch (error) {
          codes.add(error instanceof Error && 'code' in error ? error.code : error);
        }
      }
      assert.equal(readFileSync(secret(), 'utf8'), 'secret');
      assert.deepEqual(
        [...codes].filter((code) => code !== 'EACCES' && code !== 'ELOOP'),
        [],
      );
      assert.equal(attacker.exitCode, null);
    }

    it('does not make saveSync overwrite the target of the link', async () => {
      await attack(() => indelible.saveSync(path(), 'new', { durability: 'none' }));
    });

    it('does not make save overwrite the target of the link', async () => {
      await attack(() => indelible.save(path(), 'new', { durability: 'none' }));
    });

    it('does not make updateSync read or overwrite the target of the link', async () => {
      const read: string[] = [];
      await attack(() =>
        indelible.updateSync(path(), (content = '') => `${read.push(content)}`, {
          encoding: 'utf8',
          lock: 'thread',
          durability: 'none',
        }),
      );
      assert.deepEqual(read, []);
    });

    it('does not make save keep the link as the previous version', async () => {
      const options = { durability: 'none', keepPrevious: scratch.at('private', 'kept') } as const;
      await attack(() => indelible.save(path(), 'new', options));
    });
  },
);
