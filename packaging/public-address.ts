/**
 * The public address of the project: `repository` of package.json, and nowhere else. npm derives `homepage`, `bugs` and
 * the links of the README on the package's page from it, and refuses a provenance that is for another repository.
 *
 * @throws {Error} if it is missing, or not one that npm derives these from.
 */
export function publicAddress({
  repository,
  ...others
}: {
  repository?: string;
  homepage?: string;
  bugs?: unknown;
}) {
  for (const name of ['homepage', 'bugs']) {
    if (name in others)
      throw new Error(`${name} is derived from repository, and must not be in package.json as well`);
  }
  if (repository === undefined)
    throw new Error('package.json has no repository: the public address is not known');
  if (!/^git\+https:\/\/git(hub|lab)\.com\/[\w.-]+\/[\w.-]+\.git$/.test(repository)) {
    throw new Error(
      `repository must have the form git+https://github.com/OWNER/NAME.git, and is ${repository}`,
    );
  }
  return repository;
}
