/**
 * The public address of the project: `repository` of package.json, and nowhere else. npm derives `homepage`, `bugs` and
 * the links of the README on the package's page from it, and refuses a provenance that is for another repository.
 *
 * It is an object, as publint demands: a text is npm's abbreviation, which has other forms.
 *
 * @throws {Error} if it is missing, or not one that npm derives these from.
 */
export function publicAddress({
  repository,
  ...others
}: {
  repository?: unknown;
  homepage?: string;
  bugs?: unknown;
}) {
  for (const name of ['homepage', 'bugs']) {
    if (name in others)
      throw new Error(`${name} is derived from repository, and must not be in package.json as well`);
  }
  if (repository === undefined)
    throw new Error('package.json has no repository: the public address is not known');
  const written = JSON.stringify(repository);
  const [, url] =
    /^\{"type":"git","url":"(git\+https:\/\/git(?:hub|lab)\.com\/[\w.-]+\/[\w.-]+\.git)"\}$/.exec(written) ??
    [];
  if (url === undefined) {
    const form = '{"type":"git","url":"git+https://github.com/OWNER/NAME.git"}';
    throw new Error(`repository must have the form ${form}, and is ${written}`);
  }
  return url;
}
