import assert from 'node:assert/strict';
import { describe, it } from 'vitest';
import {
  inDirectory,
  linkTarget,
  namesDirectory,
  parentOf,
  queueKey,
  withoutTrailingSeparators,
} from '../../src/base/path-bytes.js';

describe('a path as bytes', () => {
  it('has a parent', () => {
    const parents = {
      '/a/b': '/a',
      '/a': '/',
      '/': '/',
      '/a//b': '/a',
      '/a/b//': '/a',
      '/a/..': '/a',
      'a/b': 'a',
      a: '.',
      '.': '.',
      '../a': '..',
    };
    for (const [path, parent] of Object.entries(parents)) {
      assert.equal(parentOf(Buffer.from(path)).toString(), parent, path);
    }
  });

  it('names a directory if it ends in a slash or in dots', () => {
    for (const path of ['/', '/a/', '/a/.', '/a/..', '/.', '/..']) {
      assert.equal(namesDirectory(Buffer.from(path)), true, path);
    }
    for (const path of ['/a', '/a.', '/a..', '/...', '/.a', '/..a', '/a/b..', '/a/.../b']) {
      assert.equal(namesDirectory(Buffer.from(path)), false, path);
    }
  });

  it('loses its trailing slashes, except the root', () => {
    assert.equal(withoutTrailingSeparators(Buffer.from('/a//')).toString(), '/a');
    assert.equal(withoutTrailingSeparators(Buffer.from('/')).toString(), '/');
  });

  it('takes a name of any bytes', () => {
    assert.deepEqual(
      inDirectory(Buffer.from('/a'), Buffer.from([0xff])),
      Buffer.from([0x2f, 0x61, 0x2f, 0xff]),
    );
    assert.equal(inDirectory(Buffer.from('/'), 'a').toString(), '/a');
  });

  it('resolves the text of a symbolic link from the directory of the link', () => {
    assert.equal(linkTarget(Buffer.from('/a/link'), Buffer.from('../b')).toString(), '/a/../b');
    assert.equal(linkTarget(Buffer.from('/a/link'), Buffer.from('/b')).toString(), '/b');
    assert.equal(linkTarget(Buffer.from('/link'), Buffer.from('b')).toString(), '/b');
  });

  it('has one key for all spellings that name the same file without following links', () => {
    for (const path of ['/a/b', '//a/b', '/a//b', '/a/./b', '/./a/././/b']) {
      assert.equal(queueKey(path), '/a/b', path);
    }
    assert.equal(queueKey(Buffer.from('/a/b')), queueKey('/a/b'));
  });

  it('has another key where only the kernel can resolve the path', () => {
    assert.equal(queueKey('/a/../b'), '/a/../b');
    assert.equal(queueKey('/a/.b'), '/a/.b');
    assert.notEqual(queueKey(Buffer.from([0x2f, 0xff])), queueKey(Buffer.from([0x2f, 0xfe])));
  });
});
