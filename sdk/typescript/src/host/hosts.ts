/** The hosts that may live in a page. */

import type { Ending } from "../core/messages.ts";
import type { Debt } from "../core/ports.ts";
import type { Ways } from "../core/ways.ts";
import { loopback } from "./channels.ts";
import type { TabEnd } from "./channels.ts";
import { systemClock, systemEntropy } from "./clock.ts";
import { leaderWays } from "./leader-tab.ts";
import { hostLocks, isHeld } from "./locks.ts";
import { MemoryStore } from "./memory-store.ts";
import type { Names } from "./names.ts";
import { singleWays } from "./single.ts";
import { storeOf } from "./store.ts";
import type { HostCode } from "./sweeping.ts";
import { workerClock } from "./worker-clock.ts";

/** Gives a tab its way to a holder in its own page; `sdk` is what that calls itself. */
export interface Hosts {
  single(sdk: string, names: Names): Ways;
  leader(sdk: string, names: Names): Ways;
  /** For who wished for another host alone, which cannot be: whoever says hello is told. */
  nowhere(): Ways;
}

/** Gives the hosts that use this code of a holder. */
export function hostsOf(code: HostCode): Hosts {
  const common = { code, entropy: systemEntropy };
  const debts = new Map<string, Debt>();
  return {
    // Nothing is kept for the next page: two that share nothing would take each other's session.
    single: (sdk, names) => singleWays({ ...common, sdk, names, clock: systemClock, store: new MemoryStore(debts) }),
    leader: (sdk, names) => leaderWays({ ...common, sdk, names, clock: workerClock, store: storeOf(names.context, async (within) => (await code.duties()).sweep(within)), locks: hostLocks(navigator.locks), isHeld: (name) => isHeld(navigator.locks, name) }),
    nowhere,
  };
}

function nowhere(): Ways {
  const nothing = (): void => undefined;
  const ending: Ending = { code: "sharing_unavailable", message: "no shared worker runs here", advice: "stop", isOwn: false };
  const open = (): TabEnd => {
    const { tab, holder } = loopback();
    holder.post({ fence: Number.MAX_SAFE_INTEGER, tab: null, message: { is: "ended", ending } });
    return tab;
  };
  return { patience: 0, open, elsewhere: nothing, suspend: nothing, close: nothing };
}
