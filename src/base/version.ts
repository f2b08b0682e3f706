/** The version of this package. A bundler may separate the code from package.json, so it is repeated here. */
export const version = '0.1.0';
