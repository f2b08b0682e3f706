/** The engine that the vitest project forces; both must behave alike except where a test says so. */
export const engineUnderTest = process.env.INDELIBLE_ENGINE ?? 'portable';
