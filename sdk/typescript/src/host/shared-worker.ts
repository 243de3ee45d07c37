/** A tab's way to a holder in a shared worker, and what to do when there is none, or somebody else holds the session. */

import type { Clock, Entropy } from "../core/ports.ts";
import { SILENCE_MS } from "../core/pulse.ts";
import type { Ways } from "../core/ways.ts";
import { busOfTab, overPort } from "./channels.ts";
import type { TabEnd } from "./channels.ts";
import { lateEnd } from "./late.ts";
import { heldWith } from "./locks.ts";
import { workerName } from "./names.ts";
import type { Names } from "./names.ts";

/** What is needed to come by a worker. */
export interface WorkerPorts {
  readonly names: Names;
  readonly url: string;
  readonly locks: LockManager;
  readonly clock: Clock;
  readonly entropy: Entropy;
  /** The next rung of the ladder, for good. */
  readonly fallback: () => Ways;
}

/** Workers that are tried before the bus. */
const TRIES = 3;
/** A worker may be slow; one that says nothing for so long hangs. */
const HUNG_MS = 15_000;
/** After its death a worker is not made at once in Firefox, where it would stay silent; timers of hidden pages may take longer. */
const REMAKE_MS = "chrome" in globalThis ? { least: 0, spread: 0 } : { least: 500, spread: 150 };

/** Gives the way by the worker, then by others, then `fallback`. */
export function workerWays(ports: WorkerPorts): Ways {
  let fallback: Ways | null = null;
  let attempt = 0;
  let tries = 0;
  let way: "none" | "worker" | "bus" = "none";
  let isElsewhere = false;
  const giveUp = (): Ways => (fallback ??= ports.fallback());

  /** The worker that holds the session, or the next: the name of one that died may stay silent for minutes. */
  const find = async (isNext: boolean): Promise<number> => {
    const last = attempt;
    const living = (await heldWith(ports.locks, ports.names.worker)).map(Number).filter((each) => !isNext || each > last);
    attempt = living.length > 0 ? Math.max(...living) : last + (isNext ? 1 : 0);
    if (isNext && living.length === 0 && REMAKE_MS.least > 0) {
      const ms = REMAKE_MS.least + ports.entropy.chance() * REMAKE_MS.spread;
      await new Promise<void>((go) => ports.clock.after(ms, go));
    }
    return attempt;
  };

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
      tries = silences === 0 ? 1 : tries + 1;
      // Whoever holds the session has been silent on the bus: only another tab can depose a tab.
      if (silences > 0 && (before === "bus" || tries > TRIES)) return giveUp().open(silences, failed);
      return worker(ports, find(before === "worker"), () => {
        giveUp();
        failed();
      });
    },
    elsewhere: () => {
      isElsewhere = true;
    },
    suspend: (tab) => {
      // The same worker is greeted again: it did not die.
      way = "none";
      fallback?.suspend(tab);
    },
    close: (tab) => fallback?.close(tab),
  };
}

/** A port of the worker. */
function worker({ names, url }: WorkerPorts, found: Promise<number>, failed: () => void): TabEnd {
  let isHeard = false;
  return lateEnd(found, (attempt) => {
    try {
      const made = new SharedWorker(trusted(url), { name: workerName(names.context, attempt) });
      // Once it has spoken an error is only an exception that nobody caught in it.
      made.onerror = () => void (isHeard || failed());
      const end: TabEnd = overPort(made.port);
      const listen: TabEnd["listen"] = (take) =>
        end.listen((message) => {
          isHeard = true;
          take(message);
        });
      return { ...end, listen };
    } catch {
      return void failed();
    }
  });
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
