import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'vitest';
import { resolveOptions, type SaveOptions } from '../../src/base/options.js';

describe('the option protocol', () => {
  afterEach(() => {
    delete process.env.INDELIBLE_PROTOCOL;
  });

  it('leaves the choice to what is proven, unless it is given', () => {
    assert.equal(resolveOptions({}).protocol, undefined);
    assert.equal(resolveOptions({ protocol: 'sync-rename-sync' }).protocol, 'sync-rename-sync');
  });

  it('forces nothing but the textbook', () => {
    for (const protocol of ['single-commit', 'rename', '']) {
      // As a caller without types could.
      const options = { protocol } as unknown as SaveOptions;
      assert.throws(() => resolveOptions(options), {
        name: 'TypeError',
        code: 'ERR_INVALID_ARG_VALUE',
        message: `The "options.protocol" property must be one of 'sync-rename-sync'. Received '${protocol}'`,
      });
    }
  });

  it('is given for every save by INDELIBLE_PROTOCOL', () => {
    process.env.INDELIBLE_PROTOCOL = 'sync-rename-sync';
    assert.equal(resolveOptions({}).protocol, 'sync-rename-sync');
    process.env.INDELIBLE_PROTOCOL = '';
    assert.equal(resolveOptions({}).protocol, undefined);
  });

  it('cannot be given anything else by INDELIBLE_PROTOCOL', () => {
    process.env.INDELIBLE_PROTOCOL = 'single-commit';
    assert.throws(() => resolveOptions({}), {
      name: 'TypeError',
      code: 'ERR_INVALID_ARG_VALUE',
      message:
        "The INDELIBLE_PROTOCOL environment variable must be 'sync-rename-sync'. Received 'single-commit'",
    });
  });
});
