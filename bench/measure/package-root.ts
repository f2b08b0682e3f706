/**
 * The root of this package, as a URL. The same from the source as from the bundle: both are two folders below it,
 * `src/cli/package-root.ts` and `dist/cli/main.js`.
 */
export const packageRoot = new URL('../../', import.meta.url);
