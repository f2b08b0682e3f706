import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { inspectSync } from '../../src/index.js';
import { engines } from '../engines.js';
import { command } from '../lab/command.js';
import { mountFuse } from '../lab/filesystems.js';
import { missingFor } from '../lab/requirements.js';
import { Workspace } from '../lab/workspace.js';
import { ended, startProgram } from '../node-process.js';

const missing = missingFor('bindfs');
if (missing !== undefined) process.stderr.write(`update.test.ts is skipped: ${missing}\n`);

describe.skipIf(missing !== undefined)('update on a FUSE filesystem', () => {
  let workspace: Workspace;
  let mounted = '';

  beforeAll(async () => {
    workspace = await Workspace.create();
    mounted = (await mountFuse(workspace, 'fuse')).directory;
  });
  afterAll(async () => {
    await workspace.remove();
  });

  function count(engine: string, path: string, updates: number, options: object) {
    const given = { durability: 'none', ...(engine === 'portable' && { lock: 'thread' }), ...options };
    const args = [path, `${updates}`, '1', JSON.stringify(given)];
    return startProgram('update-counter.mjs', args, { INDELIBLE_ENGINE: engine });
  }

  for (const engine of engines) {
    it(`of the ${engine} engine sees none of its own changes as those of others`, async () => {
      const path = join(mounted, `own-${engine}`);
      const { code, stderr } = await ended(count(engine, path, 40, {}));
      assert.deepEqual([code, stderr], [0, '']);
      assert.equal(readFileSync(path, 'utf8'), '40');
    });

    it(`of the ${engine} engine leaves no moment without a file`, async () => {
      const path = join(mounted, `there-${engine}`);
      // Where the server has it: the kernel remembers the name for a second.
      const source = join(workspace.path('fuse-source'), `there-${engine}`);
      await ended(count(engine, path, 1, {}));
      const updating = count(engine, path, 150, {});
      const closed = once(updating, 'close');
      let looks = 0;
      let absent = 0;
      while (updating.exitCode === null) {
        for (let look = 0; look < 20; look += 1) {
          looks += 1;
          if (!existsSync(source)) absent += 1;
        }
        await new Promise(setImmediate);
      }
      await closed;
      assert.equal(readFileSync(path, 'utf8'), '151');
      assert.ok(looks > 1000);
      assert.equal(absent, 0);
    });
  }

  it('notices a change in place that the kernel has not seen, since it asks the server', async () => {
    const path = join(mounted, 'asked');
    const source = join(workspace.path('fuse-source'), 'asked');
    writeFileSync(path, 'old');
    const child = startProgram('update-and-hold.mjs', [path, ' and new'], { INDELIBLE_ENGINE: 'native' });
    await once(child.stdout, 'data');
    statSync(path);
    writeFileSync(source, 'other');
    const { code, stderr } = await ended(child);
    assert.equal(code, 1);
    assert.match(stderr, /ERR_INDELIBLE_CHANGED/);
    assert.equal(readFileSync(source, 'utf8'), 'other');
  });

  it("refuses lock: 'everywhere', which is not known to reach other machines", async () => {
    const { code, stderr } = await ended(count('native', join(mounted, 'file'), 1, { lock: 'everywhere' }));
    assert.equal(code, 1);
    assert.match(stderr, /ERR_INDELIBLE_UNSUPPORTED/);
    assert.equal(inspectSync(mounted).update.lock, 'machine');
  });

  /** A bindfs that the mount table shows as the filesystem of another program. */
  async function mountAs(subtype: string): Promise<string> {
    const [source, directory] = [workspace.path(`${subtype}-source`), workspace.path(subtype)];
    mkdirSync(source);
    mkdirSync(directory);
    await command('bindfs', '-o', `subtype=${subtype}`, source, directory);
    return directory;
  }

  it("is refused on sshfs, which machines share without a lock, unless lock: 'machine' is enough", async () => {
    const directory = await mountAs('sshfs');
    const path = join(directory, 'file');
    const { code, stderr } = await ended(count('native', path, 1, {}));
    assert.equal(code, 1);
    assert.match(stderr, /lock: 'machine'[\s\S]*ERR_INDELIBLE_UNSUPPORTED/);
    assert.deepEqual(readdirSync(directory), []);
    assert.equal((await ended(count('native', path, 3, { lock: 'machine' }))).code, 0);
    assert.deepEqual(readdirSync(directory), ['file']);
    assert.equal(inspectSync(directory).update.lock, 'none');
  });

  it('takes the lock that other machines see on GlusterFS', async () => {
    const directory = await mountAs('glusterfs');
    const { code, stderr } = await ended(count('native', join(directory, 'file'), 3, {}));
    assert.deepEqual([code, stderr], [0, '']);
    assert.deepEqual(readdirSync(directory).sort(), ['.indelible-lock', 'file']);
    rmSync(join(directory, '.indelible-lock'));
    assert.equal((await ended(count('native', join(directory, 'file'), 3, {}))).code, 0);
    assert.equal(readFileSync(join(directory, 'file'), 'utf8'), '6');
    assert.equal(inspectSync(directory).update.lock, 'everywhere');
  });
});
