import type { BundledPackage } from './distribution/bundled-packages.js';
import { outputOf } from './run.js';

/** The part of an SPDX document that is used here. The rest is kept as npm has written it. */
export interface Sbom {
  packages: { name: string; versionInfo: string; licenseDeclared: string; SPDXID: string }[];
  relationships: { spdxElementId: string; relatedSpdxElement: string; relationshipType: string }[];
}

/**
 * The packages that an installation brings: the dependencies, as npm lists them, and the packages in the command's
 * bundle, which are development dependencies for npm.
 *
 * @throws {Error} if npm does not know a bundled package in that version.
 */
export function sbomOf(root: string, bundled: readonly BundledPackage[]): Sbom {
  const sbom = (...omit: string[]): Sbom =>
    JSON.parse(
      outputOf('npm', ['sbom', ...omit.map((one) => `--omit=${one}`), '--sbom-format=spdx'], { cwd: root }),
    );
  const installed = sbom('dev', 'optional', 'peer');
  const everything = sbom('optional', 'peer');
  const container = installed.relationships.find(({ relationshipType }) => relationshipType === 'DESCRIBES');
  if (container === undefined) throw new Error('npm sbom describes no package');
  for (const { name, version } of bundled) {
    const found = everything.packages.find((one) => one.name === name && one.versionInfo === version);
    if (found === undefined) throw new Error(`npm sbom knows no ${name} ${version}`);
    installed.packages.push(found);
    installed.relationships.push({
      spdxElementId: container.relatedSpdxElement,
      relatedSpdxElement: found.SPDXID,
      relationshipType: 'CONTAINS',
    });
  }
  return installed;
}
