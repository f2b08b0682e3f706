import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { prebuildPath, targetName, targets } from '../../packaging/prebuild/targets.js';

const loader = fileURLToPath(new URL('../../node_modules/node-gyp-build', import.meta.url));
const ASK = 'console.log(require(process.argv[1]).path(process.argv[2]))';

/** The file that node-gyp-build loads on such a system. */
function chosen(root: string, { platform, arch, libc }: { platform: string; arch: string; libc?: string }) {
  const { stdout, stderr, status } = spawnSync(process.execPath, ['-e', ASK, loader, root], {
    encoding: 'utf8',
    // Windows starts no process without SystemRoot.
    env: {
      SystemRoot: process.env.SystemRoot ?? '',
      npm_config_platform: platform,
      npm_config_arch: arch,
      LIBC: libc ?? '',
    },
  });
  return status === 0 ? stdout.trim() : stderr;
}

describe('the loader', () => {
  let root: string;

  beforeAll(() => {
    root = mkdtempSync(join(tmpdir(), 'indelible-prebuilds-'));
    for (const target of targets) {
      const file = join(root, 'prebuilds', prebuildPath(target));
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, '');
    }
  });

  afterAll(() => rmSync(root, { recursive: true, force: true }));

  test.each(targets.map((target) => ({ ...target, name: targetName(target) })))(
    'chooses the prebuild for $name',
    (target) => {
      expect(chosen(root, target)).toBe(join(root, 'prebuilds', prebuildPath(target)));
    },
  );

  test('chooses none on a system without a prebuild', () => {
    expect(chosen(root, { platform: 'linux', arch: 'riscv64' })).toContain('No native build was found');
    expect(chosen(root, { platform: 'freebsd', arch: 'x64' })).toContain('No native build was found');
  });
});
