import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { describe, it } from 'vitest';
import { MAIN, outcomeOf } from '../cli/command.js';
import { engines } from '../engines.js';
import { isInMemory } from '../machine.js';
import { ScratchDirectory } from '../scratch-directory.js';
import { straceUnavailable } from './strace.js';

const unavailable = await straceUnavailable();

const scratch = new ScratchDirectory();

describe.skipIf(unavailable !== undefined)('indelible save with a failing system call', () => {
  for (const engine of engines) {
    for (const [call, published] of [
      ['fsync', true],
      ['fdatasync', false],
    ] as const) {
      it(`says ${published ? 'that the new content is in place' : 'nothing of the kind'} when ${call} fails with the ${engine} engine`, async (test) => {
        test.skip(isInMemory(scratch.path), 'no directory on a disk');
        writeFileSync(scratch.at('file'), 'old');
        const strace = ['-f', '-qq', '-o', '/dev/null', '-e', `inject=${call}:error=EIO`];
        const environment = { INDELIBLE_ENGINE: engine, INDELIBLE_PROTOCOL: 'sync-rename-sync' };
        const child = spawn('strace', [...strace, process.execPath, MAIN, 'save', scratch.at('file')], {
          env: { ...process.env, ...environment },
        });
        child.stdin.end('new');
        const { status, stderr } = await outcomeOf(child);
        assert.equal(status, 1);
        assert.match(stderr, /^indelible: EIO: i\/o error, /);
        assert.equal(/the new content is in place/.test(stderr), published, stderr);
        assert.equal(readFileSync(scratch.at('file'), 'utf8'), published ? 'new' : 'old');
      });
    }
  }
});
