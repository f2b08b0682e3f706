import { loadAddon } from '../src/addon/addon.js';

export type EngineName = 'native' | 'portable';

/** The engines that can be tested on this machine, and the reason if the native one cannot. */
export const { engines, nativeUnavailable } = available();

function available(): { engines: EngineName[]; nativeUnavailable: string | undefined } {
  try {
    loadAddon();
    return { engines: ['native', 'portable'], nativeUnavailable: undefined };
  } catch (error) {
    const nativeUnavailable = error instanceof Error ? error.message : String(error);
    return { engines: ['portable'], nativeUnavailable };
  }
}
