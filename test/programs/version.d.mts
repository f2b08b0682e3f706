/** The content of a version. Torn content can be detected. */
export function contentOf(version: number): Buffer;

/** Fails if the content is not exactly one version, whole. Returns its number. */
export function assertWhole(content: Buffer): number;
