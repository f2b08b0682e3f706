/** A line with a version and a length, and behind it one letter as many times: torn content can be told. */
export function contentOf(version) {
  const length = (version * 7919) % 500_000;
  const letter = 'a'.charCodeAt(0) + (version % 26);
  return Buffer.concat([Buffer.from(`${version} ${length}\n`), Buffer.alloc(length, letter)]);
}
