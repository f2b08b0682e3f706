/** Some things only the superuser can set up: mounts, other owners, device nodes. */
export const isRoot = process.getuid?.() === 0;

/** A user and group without any rights (nobody and nogroup). */
export const NOBODY = 65534;
