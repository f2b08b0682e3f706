import type { VirtualMachine } from '../kernels/virtual-machine.js';
import { PROJECT_ROOT } from '../project-root.js';

/** An emulated processor loses more by compiling than it wins. */
export const NODE = `env INDELIBLE_SWEEP=off ${process.execPath} --no-opt --no-sparkplug`;
export const PROGRAMS = `${PROJECT_ROOT}/test/programs`;

/** What test/programs/check-calls.mjs prints of a call. */
interface Outcome {
  durability?: string;
  refused?: string;
  impossible?: boolean;
  wrong: string[];
}

/** The calls that plain `fs` cannot make anywhere. */
const NOT_PORTABLE = /^(update(?!Thread|KeepPrevious)|temporary|exchange|rename|replaceDirectory)/;

/**
 * Makes every call in a new directory of a guest, with one engine, and prints what was refused.
 *
 * @param refusable the calls that the filesystem cannot do with this engine.
 * @returns whether all others worked, and the refused ones changed nothing.
 */
export async function checkCalls(
  machine: VirtualMachine,
  directory: string,
  engine: 'native' | 'portable',
  refusable: RegExp,
): Promise<boolean> {
  const run = `INDELIBLE_ENGINE=${engine} ${NODE} ${PROGRAMS}/check-calls.mjs`;
  await machine.run(`mkdir ${directory} && ${run} prepare ${directory}`);
  const outcomes: Record<string, Outcome> = JSON.parse(await machine.run(`${run} run ${directory}`));
  const refused: Record<string, string[]> = {};
  let right = true;
  for (const [call, outcome] of Object.entries(outcomes)) {
    const code = outcome.impossible ? 'impossible' : outcome.refused;
    const known =
      code === undefined || refusable.test(call) || (engine === 'portable' && NOT_PORTABLE.test(call));
    if (!known || outcome.wrong.length > 0) {
      right = false;
      console.log(`${directory}, ${call}: ${JSON.stringify(outcome)}`);
    }
    const list = refused[code ?? `works ${outcome.durability ?? ''}`.trim()] ?? [];
    refused[code ?? `works ${outcome.durability ?? ''}`.trim()] = [...list, call];
  }
  for (const [code, list] of Object.entries(refused)) {
    console.log(`${directory}: ${code}: ${code.startsWith('works') ? list.length : list.join(' ')}`);
  }
  return right;
}
