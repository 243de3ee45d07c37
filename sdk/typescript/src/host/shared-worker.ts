/** A tab's way to a holder in a shared worker, and what to do when there is none, or somebody else holds the session. */

import type { FromTabEnvelope, ToTabEnvelope } from "../core/messages.ts";
import type { Clock, Entropy } from "../core/ports.ts";
import { SILENCE_MS } from "../core/pulse.ts";
import type { Ways } from "../core/ways.ts";
import { busOfTab, overPort } from "./channels.ts";
import type { TabEnd } from "./channels.ts";
import { workerName } from "./names.ts";
import type { Names } from "./names.ts";

/** What is needed to come by a worker. */
export interface WorkerPorts {
  readonly names: Names;
  readonly url: string;
  readonly clock: Clock;
  readonly entropy: Entropy;
  /** The next rung of the ladder, for good. */
  readonly fallback: () => Ways;
}

/** Names that are tried before the bus: a worker's name may stay silent for long after its process died. */
const NAMES = 3;
/** A worker may be slow; one that says nothing for so long hangs. */
const HUNG_MS = 15_000;

/** After its death a worker is not made at once: in Firefox its name then stays silent for 20 s and more. */
const REMAKE_MS = "chrome" in globalThis ? { least: 20, spread: 130 } : { least: 500, spread: 150 };

/** Gives the way by the worker, then by those of other names, then `fallback`. */
export function workerWays(ports: WorkerPorts): Ways {
  let fallback: Ways | null = null;
  let attempt = 0;
  let way: "none" | "worker" | "bus" = "none";
  let isElsewhere = false;
  const giveUp = (): Ways => (fallback ??= ports.fallback());

  return {
    get patience() {
      return fallback?.patience ?? (way === "bus" ? SILENCE_MS : HUNG_MS);
    },
    open: (silences, failed) => {
      if (fallback !== null) return fallback.open(silences, failed);
      const before = way;
      way = isElsewhere ? "bus" : "worker";
      isElsewhere = false;
      if (way === "bus") return busOfTab(ports.names);
      // Whoever holds the session has been silent on the bus: only another tab can depose a tab.
      if (silences > 0 && (before === "bus" || ++attempt >= NAMES)) return giveUp().open(silences, failed);
      return worker(ports, attempt, before !== "none", () => {
        giveUp();
        failed();
      });
    },
    elsewhere: () => {
      isElsewhere = true;
    },
    suspend: () => fallback?.suspend(),
    close: () => fallback?.close(),
  };
}

/** A port of the worker, which is made a little later if it was there before; what is posted meanwhile is kept. */
function worker(ports: WorkerPorts, attempt: number, isRemade: boolean, failed: () => void): TabEnd {
  const { names, url, clock, entropy } = ports;
  let waiting: FromTabEnvelope[] | null = [];
  let end: TabEnd | null = null;
  let take: (message: ToTabEnvelope) => void = () => undefined;
  let isHeard = false;
  const make = (): void => {
    try {
      const made = new SharedWorker(trusted(url), { name: workerName(names.context, attempt) });
      // Once it has spoken an error is only an exception that nobody caught in it.
      made.onerror = () => void (isHeard || failed());
      end = overPort<ToTabEnvelope, FromTabEnvelope>(made.port);
    } catch {
      return failed();
    }
    end.listen((message) => {
      isHeard = true;
      take(message);
    });
    for (const message of waiting ?? []) end.post(message);
    waiting = null;
  };
  let cancel = (): void => undefined;
  if (isRemade) cancel = clock.after(REMAKE_MS.least + entropy.chance() * REMAKE_MS.spread, make);
  else queueMicrotask(make);
  return {
    post: (message) => (waiting === null ? end?.post(message) : void waiting.push(message)),
    listen: (listener) => {
      take = listener;
    },
    close: () => {
      cancel();
      end?.close();
    },
  };
}

interface TrustedTypes {
  createPolicy(name: string, rules: { createScriptURL(url: string): string }): { createScriptURL(url: string): string };
}

let policy: ReturnType<TrustedTypes["createPolicy"]> | null = null;

/** Where a page wants its script addresses vouched for, by a policy named `unisono`. */
function trusted(url: string): string {
  const types = (globalThis as { trustedTypes?: TrustedTypes }).trustedTypes;
  if (types === undefined) return url;
  policy ??= types.createPolicy("unisono", { createScriptURL: (checked) => checked });
  return policy.createScriptURL(url);
}
