import { expect, test } from 'vitest';
import { publicAddress } from '../../packaging/public-address.js';

const url = 'git+https://github.com/owner/name.git';
const repository = { type: 'git', url };

test('a release has the public address of package.json', () => {
  expect(publicAddress({ repository })).toBe(url);
});

test.each([
  ['no address', {}, /the public address is not known/],
  ['an address that is a text, which publint refuses', { repository: url }, /must have the form/],
  ['an address without a protocol', { repository: { type: 'git', url: 'owner/name' } }, /must have the form/],
  ['an address elsewhere', { repository: { type: 'git', url: 'https://example.com' } }, /must have the form/],
  ['a second address', { repository, homepage: 'https://example.com' }, /homepage is derived/],
  ['a second address for errors', { repository, bugs: {} }, /bugs is derived/],
])('a release with %s is refused', (_, manifest, error) => {
  expect(() => publicAddress(manifest)).toThrow(error);
});
