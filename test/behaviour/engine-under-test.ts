/** The engine that the vitest project forces; both must behave alike except where a test says so. */
export const engineUnderTest = process.env.INDELIBLE_ENGINE ?? 'portable';

/** Whether it has locks that other processes see. Plain `fs` and the addon on Windows and macOS have none. */
export const hasMachineLock = engineUnderTest === 'native' && process.platform === 'linux';

/** Whether it opens files for the caller to write. On Windows, descriptors exist only inside Node itself. */
export const opensTemporaries = engineUnderTest === 'native' && process.platform !== 'win32';
