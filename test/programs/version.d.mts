/** The content of a version, which tells if it is torn. */
export function contentOf(version: number): Buffer;
