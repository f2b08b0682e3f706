/** The parts of the documents about the update protocols, made from the table in src/filesystem/protocols.ts. */
import { markdownTable } from 'markdown-table';
import type { Protocol } from '../src/base/options.js';
import { PROTOCOLS, type ProtocolStep, STEPS, usualSteps } from '../src/filesystem/protocols.js';

/** The documents with such parts. */
export const PAGES = ['docs/inspect.md', 'docs/save.md', 'docs/durability.md'] as const;

const PROTOCOL_NAMES = ['single-commit', 'sync-rename-sync', 'rename'] as const satisfies readonly Protocol[];

/** The text between `<!-- NAME … -->` and `<!-- /NAME -->`. */
const REGIONS: Readonly<Record<string, () => string>> = {
  protocols: () => `\n${protocolTable()}\n`,
  steps: () => `\n${stepTable()}\n`,
  save: () => `\n\n${listOf('sync-rename-sync')}\n\n`,
};

const REGION = /(<!-- ([a-z-]+)(?:: [^>]*)? -->)[\s\S]*?(<!-- \/\2 -->)/g;

/** Replaces the parts of a document. */
export function withSteps(document: string): string {
  return document.replace(REGION, (_, begin: string, name: string, end: string) => {
    const region = REGIONS[name];
    if (region === undefined) throw new Error(`there is no text for <!-- ${name} -->`);
    return begin + region() + end;
  });
}

function protocolTable(): string {
  return markdownTable([
    ['protocol', 'steps of a durable save', 'where'],
    ...PROTOCOL_NAMES.map((name) => [code(name), wordsOf(name).join('; '), PROTOCOLS[name].usedOn]),
  ]);
}

function stepTable(): string {
  const steps = Object.entries(STEPS).map(([name, { description, calls, only, stage }]) => {
    const { native, portable } = calls;
    const shown = [native, portable].map((call) => (call === undefined ? '' : code(call)));
    return [
      code(name),
      description,
      ...shown,
      only?.description ?? '',
      stage === undefined ? '' : code(stage),
    ];
  });
  return markdownTable([['step', '', 'native engine', 'portable engine', 'only', 'stage'], ...steps]);
}

/** The calls of a durable save that replaces a file, one a line. */
function listOf(protocol: Protocol): string {
  const calls = usualSteps(protocol).map(
    (step) => [STEPS[step].calls.native ?? '', STEPS[step].description] as const,
  );
  const width = Math.max(...calls.map(([call]) => call.length));
  return calls.map(([call, words]) => `    ${call.padEnd(width)}  ${words}`).join('\n');
}

function wordsOf(protocol: Protocol): string[] {
  return usualSteps(protocol).map((step: ProtocolStep) => STEPS[step].description);
}

function code(text: string): string {
  // An unescaped bar ends the cell.
  return `\`${text.replaceAll('|', '\\|')}\``;
}
