/** This tab alone: its own holder, in its own page. In Node, on plain http, and with sharing off. */

import type { Ways } from "../core/ways.ts";
import { loopback } from "./channels.ts";
import { Hosting } from "./hosting.ts";
import type { HostingPorts } from "./hosting.ts";

export type SinglePorts = Omit<HostingPorts, "kind" | "locks" | "bus" | "marks">;

/** Gives the way to a holder that is made for this tab, and ends with it. */
export function singleWays(ports: SinglePorts): Ways {
  let hosting: Hosting | null = null;
  const end = (tab?: string): void => {
    hosting?.stop(tab);
    hosting = null;
  };
  return {
    // Both ends live and die together.
    patience: 0,
    open: () => {
      end();
      const ends = loopback();
      hosting = new Hosting({ ...ports, kind: "single", locks: null, bus: null, marks: [] });
      hosting.connect(ends.holder);
      hosting.start();
      return ends.tab;
    },
    elsewhere: () => undefined,
    suspend: end,
    close: end,
  };
}
