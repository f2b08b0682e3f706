import { expect, test } from 'vitest';
import { publicAddress } from '../../packaging/public-address.js';

const repository = 'git+https://github.com/owner/name.git';

test('a release has the public address of package.json', () => {
  expect(publicAddress({ repository })).toBe(repository);
});

test.each([
  ['no address', {}, /the public address is not known/],
  ['an address without a protocol', { repository: 'owner/name' }, /must have the form/],
  ['an address elsewhere', { repository: 'https://example.com' }, /must have the form/],
  ['a second address', { repository, homepage: 'https://example.com' }, /homepage is derived/],
  ['a second address for errors', { repository, bugs: {} }, /bugs is derived/],
])('a release with %s is refused', (_, manifest, error) => {
  expect(() => publicAddress(manifest)).toThrow(error);
});
