import { selectEngine } from '../engine/select.js';

/** Prints one line on standard error where there is no addon, and the portable engine was not asked for. */
export function noteMissingAddon(): void {
  const { unavailable } = selectEngine();
  if (unavailable === undefined || process.env.INDELIBLE_ENGINE === 'portable') return;
  process.stderr.write(
    `indelible: the portable engine is used, because the addon does not load (${firstLine(unavailable)}); \`npx indelible build-addon\` compiles it\n`,
  );
}

export function firstLine(text: string): string {
  return text.trim().split('\n', 1)[0] ?? '';
}
