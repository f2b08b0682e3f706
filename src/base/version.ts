/** The version of this package, also where a bundler has separated the code from its package.json. */
export const version = '0.1.0';
