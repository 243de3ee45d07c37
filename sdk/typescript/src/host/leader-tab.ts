/** A tab's way over the bus, and the leader tab: one of the tabs holds the session for all. */

import type { HostLocks } from "../core/ports.ts";
import type { Ways } from "../core/ways.ts";
import { SILENCE_MS } from "../core/pulse.ts";
import { busOfHolder, busOfTab } from "./channels.ts";
import type { WorkerClock } from "./worker-clock.ts";
import { Hosting } from "./hosting.ts";
import type { HostingPorts } from "./hosting.ts";

/** What a leader tab needs; its clock is one that hidden pages do not slow down. */
export interface LeaderPorts extends Omit<HostingPorts, "kind" | "locks" | "bus" | "marks" | "clock"> {
  readonly locks: HostLocks;
  readonly clock: () => WorkerClock;
  isHeld(name: string): Promise<boolean>;
}

/** A leader that is frozen or hangs keeps its lock: after so many hellos without an answer it is taken away. */
const STEAL_AFTER = 2;
/** A worker may only be slow to start: it is given 15 s. */
const STEAL_FROM_WORKER_AFTER = 10;

/** Takes the lock away from a holder that is frozen or hangs: this host is the holder. */
export async function depose(hosting: Hosting, { locks, names }: Pick<LeaderPorts, "locks" | "names">): Promise<void> {
  if (hosting.isHolder) return;
  await hosting.seize(() => locks.steal(names.owner));
  // A worker that hangs keeps its mark, and nobody would dare to depose this host after it.
  (await locks.steal(names.ownerIsWorker)).release();
}

/** Every tab waits for the lock, in the order in which they came; the first one leads. */
export function leaderWays(ports: LeaderPorts): Ways {
  let hosting: Hosting | null = null;
  let clock: WorkerClock | null = null;
  const end = (tab: string): void => {
    hosting?.stop(tab);
    clock?.close();
    hosting = clock = null;
  };
  const seize = async (silences: number): Promise<void> => {
    const isWorker = await ports.isHeld(ports.names.ownerIsWorker);
    if (hosting !== null && silences >= (isWorker ? STEAL_FROM_WORKER_AFTER : STEAL_AFTER)) await depose(hosting, ports);
  };
  return {
    patience: SILENCE_MS,
    open: (silences) => {
      const channel = busOfTab(ports.names);
      clock ??= ports.clock();
      hosting ??= new Hosting({ ...ports, clock, kind: "leader-tab", marks: [], bus: () => busOfHolder(ports.names) });
      hosting.start();
      if (silences >= STEAL_AFTER) void seize(silences);
      return channel;
    },
    elsewhere: () => undefined,
    suspend: end,
    close: (tab) => hosting?.retire(() => end(tab)),
  };
}
