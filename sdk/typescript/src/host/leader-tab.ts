/** A tab's way over the bus, and the leader tab: one of the tabs holds the session for all. */

import type { Held, HostLocks } from "../core/ports.ts";
import { SILENCE_MS } from "../core/pulse.ts";
import { Stopper } from "../core/stopper.ts";
import type { Ways } from "../core/ways.ts";
import { busOfHolder, busOfTab } from "./channels.ts";
import type { WorkerClock } from "./worker-clock.ts";
import { Hosting } from "./hosting.ts";
import type { HostingPorts } from "./hosting.ts";

/** A clock that hidden pages do not slow down. */
interface Timed {
  readonly clock: () => WorkerClock;
}

/** What a leader tab needs. */
export interface LeaderPorts extends Timed, Omit<HostingPorts, "kind" | "locks" | "bus" | "marks" | keyof Timed> {
  readonly locks: HostLocks;
  isHeld(name: string): Promise<boolean>;
}

/** A leader that is frozen or hangs keeps its lock: after so many hellos without an answer it is taken away. */
const STEAL_AFTER = 2;
/** A worker may only be slow to start: it is given 15 s. */
const STEAL_FROM_WORKER_AFTER = 10;

/** A host that lives and ends with a tab. */
export class LeaderHosting extends Hosting {
  /** Becomes the holder by a lock that is taken away from another one. */
  async seize(steal: () => Promise<Held>): Promise<void> {
    if (this._reign !== null) return;
    this._queue?.stop();
    const stop = (this._queue = new Stopper());
    await this._rule(await steal(), stop);
  }

  /** Calls what ends this host: at once, or when its holder has told its tabs how the session ended. */
  retire(end: () => void): void {
    if (this._reign?.holder.isLeaving === true) this._retired = end;
    else end();
  }
}

/** Takes the lock away from a holder that is frozen or hangs: this host is the holder. */
export async function depose(hosting: LeaderHosting, { locks, names }: Pick<LeaderPorts, "locks" | "names">): Promise<void> {
  if (hosting.isHolder) return;
  await hosting.seize(() => locks.steal(names.owner));
  // A worker that hangs keeps its mark, and nobody would dare to depose this host after it.
  (await locks.steal(names.ownerIsWorker)).release();
}

/** Every tab waits for the lock, in the order in which they came; the first one leads. */
export function leaderWays(ports: LeaderPorts): Ways {
  let hosting: LeaderHosting | null = null;
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
      hosting ??= new LeaderHosting({ ...ports, clock, kind: "leader-tab", marks: [], bus: () => busOfHolder(ports.names) });
      hosting.start();
      if (silences >= STEAL_AFTER) void seize(silences);
      return channel;
    },
    elsewhere: () => undefined,
    suspend: end,
    close: (tab) => hosting?.retire(() => end(tab)),
  };
}
