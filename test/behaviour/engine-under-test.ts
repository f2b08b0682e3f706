/** The engine that the vitest project forces; both must behave alike except where a test says so. */
export const engineUnderTest = process.env.INDELIBLE_ENGINE ?? 'portable';

/** Whether that has locks that other processes see: neither plain `fs` has, nor the addon on Windows and macOS. */
export const hasMachineLock = engineUnderTest === 'native' && process.platform === 'linux';

/** Whether that opens files for the caller to write. Windows knows descriptors only inside of Node itself. */
export const opensTemporaries = engineUnderTest === 'native' && process.platform !== 'win32';
