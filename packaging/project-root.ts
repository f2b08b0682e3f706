import { fileURLToPath } from 'node:url';

/** The project's root, seen from `build/packaging/`, where the compiler puts this file. */
export const projectRoot = fileURLToPath(new URL('../..', import.meta.url));
