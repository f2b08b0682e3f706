import type { Durability } from '../base/options.js';
import { decide, type Plan } from '../filesystem/decision.js';
import { SYNCS_THAT_SHOW_NO_FAST_COMMIT } from '../filesystem/ext4-proof.js';
import type { SaveEntries } from './save-entries.js';
import type { PlanRequest, PlansNeeded, WireDecision, WirePlan } from './wire.js';

/** Indexes of `WIRE.choices`, by the requested durability. */
const CHOICE: Readonly<Record<Durability, number>> = { durable: 0, ordered: 1, none: 2 };
const FORCED_CHOICE: Readonly<Record<Durability, number>> = { durable: 3, ordered: 4, none: 2 };

export function choiceOf(durability: Durability, forced: 'sync-rename-sync' | undefined): number {
  return (forced === undefined ? CHOICE : FORCED_CHOICE)[durability];
}

/** Answers the addon's plan requests. */
export function providePlans(addon: Pick<SaveEntries, 'providePlan'>, { plansNeeded }: PlansNeeded): void {
  for (const request of plansNeeded) addon.providePlan(request, decisionFor(request));
}

/** Decides about a filesystem by its current state. The addon stores the result for the whole process. */
export function decisionFor({ directory, major, minor, mountId, syncs }: PlanRequest): WireDecision {
  const location = { directory, major, minor, mountId: mountId === 0 ? undefined : mountId };
  const decision = decide(location, syncs);
  const { durable, ordered, none, syncRenameSync, inMemory, local, updateLock, syncfs } = decision;
  const { groupSyncfs, reportsOnClose, directorySyncWaits, provisional, ofMountAlone } = decision;
  return {
    plans: [durable, ordered, none, syncRenameSync.durable, syncRenameSync.ordered].map(wirePlanOf),
    inMemory,
    local,
    updateLock,
    syncfs,
    groupSyncfs,
    reportsOnClose,
    directorySyncWaits,
    ofMountAlone,
    learnsAfter: provisional ? Math.max(SYNCS_THAT_SHOW_NO_FAST_COMMIT, syncs + 1) : 0,
  };
}

function wirePlanOf({ protocol, achieves, temporary, replaced }: Plan): WirePlan {
  return { protocol, achieves, unnamed: temporary === 'unnamed', pinsReplaced: replaced === 'held' };
}
