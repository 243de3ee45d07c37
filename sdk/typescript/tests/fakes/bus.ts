/** A broadcast channel pair of one context: what one says, all others hear in a later turn; the dead hear nothing. */

import type { FromTabEnvelope, ToTabEnvelope } from "../../src/core/messages.ts";
import type { HolderEnd, TabEnd } from "../../src/host/channels.ts";

interface End<In> {
  readonly agent: string;
  take: (message: In) => void;
}

export class FakeBus {
  private readonly tabs = new Set<End<ToTabEnvelope>>();
  private readonly holders = new Set<End<FromTabEnvelope>>();
  readonly dead = new Set<string>();

  ofTab(agent: string): TabEnd {
    return this.end(agent, this.tabs, this.holders);
  }

  ofHolder(agent: string): HolderEnd {
    return this.end(agent, this.holders, this.tabs);
  }

  private end<In, Out>(agent: string, own: Set<End<In>>, others: Set<End<Out>>): { post(message: Out): void; listen(take: (message: In) => void): void; close(): void } {
    const end: End<In> = { agent, take: () => undefined };
    own.add(end);
    return {
      post: (message) => {
        if (this.dead.has(agent) || !own.has(end)) return;
        const copy = structuredClone(message);
        for (const other of others) queueMicrotask(() => void (others.has(other) && !this.dead.has(other.agent) && other.take(copy)));
      },
      listen: (take) => (end.take = take),
      close: () => own.delete(end),
    };
  }
}
