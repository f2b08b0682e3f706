import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'vitest';
import { resolveOptions, type SaveOptions } from '../../src/base/options.js';

describe('the option protocol', () => {
  afterEach(() => {
    delete process.env.INDELIBLE_PROTOCOL;
  });

  it('leaves the choice to the evidence unless it is set', () => {
    assert.equal(resolveOptions({}).protocol, undefined);
    assert.equal(resolveOptions({ protocol: 'sync-rename-sync' }).protocol, 'sync-rename-sync');
  });

  it('accepts only sync-rename-sync', () => {
    for (const protocol of ['single-commit', 'rename', '']) {
      // A caller without types can pass this.
      const options = { protocol } as unknown as SaveOptions;
      assert.throws(() => resolveOptions(options), {
        name: 'TypeError',
        code: 'ERR_INVALID_ARG_VALUE',
        message: `The "options.protocol" property must be one of 'sync-rename-sync'. Received '${protocol}'`,
      });
    }
  });

  it('is set for every save by INDELIBLE_PROTOCOL', () => {
    process.env.INDELIBLE_PROTOCOL = 'sync-rename-sync';
    assert.equal(resolveOptions({}).protocol, 'sync-rename-sync');
    process.env.INDELIBLE_PROTOCOL = '';
    assert.equal(resolveOptions({}).protocol, undefined);
  });

  it('rejects any other value of INDELIBLE_PROTOCOL', () => {
    process.env.INDELIBLE_PROTOCOL = 'single-commit';
    assert.throws(() => resolveOptions({}), {
      name: 'TypeError',
      code: 'ERR_INVALID_ARG_VALUE',
      message:
        "The INDELIBLE_PROTOCOL environment variable must be 'sync-rename-sync'. Received 'single-commit'",
    });
  });
});
