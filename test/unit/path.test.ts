import assert from 'node:assert/strict';
import { describe, it } from 'vitest';
import { absoluteOnWindows } from '../../src/base/path.js';

describe('a path on Windows', () => {
  it('has its dots resolved as text', () => {
    assert.equal(absoluteOnWindows('C:\\a\\.\\b\\..\\file'), 'C:\\a\\file');
    assert.equal(absoluteOnWindows('C:/a//b/../file'), 'C:\\a\\file');
    assert.equal(absoluteOnWindows('\\\\server\\share\\a\\..\\file'), '\\\\server\\share\\file');
  });

  it('still requires a directory if it ended in a separator or in dots', () => {
    for (const ending of ['\\', '/', '\\.', '/.']) {
      assert.equal(absoluteOnWindows(`C:\\a\\file${ending}`), 'C:\\a\\file\\');
    }
    assert.equal(absoluteOnWindows('C:\\a\\file\\..'), 'C:\\a\\');
    assert.equal(absoluteOnWindows('C:\\'), 'C:\\');
    assert.equal(absoluteOnWindows('C:\\a\\.hidden'), 'C:\\a\\.hidden');
    assert.equal(absoluteOnWindows('C:\\a\\name.'), 'C:\\a\\name.');
  });

  it('keeps the prefix of long paths', () => {
    assert.equal(absoluteOnWindows('\\\\?\\C:\\a\\file'), '\\\\?\\C:\\a\\file');
  });
});
