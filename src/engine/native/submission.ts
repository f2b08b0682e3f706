import type { Addon } from '../../addon/addon.js';
import { saveErrorOf } from '../../addon/native-error.js';
import { choiceOf } from '../../addon/plan-provider.js';
import { type Failure, FLAG, type Outcome, type Stages, WIRE, type WireRequest } from '../../addon/wire.js';
import type { Cancellation } from '../../base/abortable.js';
import type { Saved, SaveParameters } from '../../base/save-request.js';

/**
 * Passes a request to an entry of the addon. The arguments are listed here only. Spreading an array would
 * cost 2 us per save.
 */
export function submit<T>(
  entry: (...request: WireRequest) => T,
  request: SaveParameters,
  data: Uint8Array,
  ticket: number,
  temporary = 0,
  flags = 0,
): T {
  const { mode, createMode, owner, expected } = request;
  return entry(
    request.path,
    data,
    choiceOf(request.durability, request.protocol),
    flagsOf(request) | flags,
    mode ?? 0,
    createMode,
    owner?.uid ?? 0,
    owner?.gid ?? 0,
    request.keepPrevious,
    typeof expected === 'number' ? expected : 0,
    temporary,
    ticket,
  );
}

/** Of the save with this ticket. */
export function cancellationOf(addon: Addon, ticket: number): Cancellation {
  return { cancel: () => addon.cancel(ticket), detach: () => addon.unref(ticket) };
}

/** @param bytes the size of the file, if the addon does not report it. */
export function savedOf(request: SaveParameters, outcome: Outcome | Failure, bytes = 0): Saved {
  if (outcome.stages !== undefined) addStages(request, outcome.stages);
  if (outcome.reason !== undefined) throw saveErrorOf(request, outcome);
  return {
    path: request.path,
    bytes: outcome.bytes ?? bytes,
    replaced: outcome.replaced,
    durability: outcome.durability,
    protocol: outcome.protocol,
  };
}

export function addStages({ timer }: SaveParameters, stages: Stages | undefined): void {
  if (timer === undefined || stages === undefined) return;
  for (const [index, stage] of WIRE.stages.entries()) timer.spent[stage] += stages[index] ?? 0;
}

function flagsOf(request: SaveParameters): number {
  let flags = 0;
  if (request.ifExists === 'fail') flags |= FLAG.exclusive;
  if (request.followSymlinks) flags |= FLAG.followSymlinks;
  if (request.makeDirectories) flags |= FLAG.makeDirectories;
  if (request.preserve.mode) flags |= FLAG.preserveMode;
  if (request.preserve.owner) flags |= FLAG.preserveOwner;
  if (request.preserve.attributes) flags |= FLAG.preserveAttributes;
  if (request.strict) flags |= FLAG.strict;
  if (request.mode !== undefined) flags |= FLAG.hasMode;
  if (request.owner !== undefined) flags |= ownerFlagsOf(request.owner);
  if (request.timer !== undefined) flags |= FLAG.timed;
  if (request.onlyIfWritable) flags |= FLAG.onlyIfWritable;
  if (request.expected === 'missing') flags |= FLAG.expectsMissing;
  return flags;
}

function ownerFlagsOf({ uid, gid, required }: NonNullable<SaveParameters['owner']>): number {
  let flags = 0;
  if (uid !== undefined) flags |= FLAG.hasUid;
  if (gid !== undefined) flags |= FLAG.hasGid;
  if (required) flags |= FLAG.ownerRequired;
  return flags;
}
