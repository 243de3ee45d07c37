/** The ways of messages: between two ends in one page, over a port of a worker, over a broadcast channel. */

import type { FromTabEnvelope, ToTabEnvelope } from "../core/messages.ts";
import type { Channel } from "../core/ports.ts";
import type { Names } from "./names.ts";

export type TabEnd = Channel<ToTabEnvelope, FromTabEnvelope>;
export type HolderEnd = Channel<FromTabEnvelope, ToTabEnvelope>;

/** Two ends in one page. What is said arrives in a later turn, in order, and as a copy, as it does everywhere else. */
export function loopback(): { readonly tab: TabEnd; readonly holder: HolderEnd } {
  const takes: { tab: (message: ToTabEnvelope) => void; holder: (message: FromTabEnvelope) => void } = { tab: () => undefined, holder: () => undefined };
  let isOpen = true;
  const close = (): void => {
    isOpen = false;
  };
  const pass = <T>(message: T, take: (copy: T) => void): void => {
    const copy = structuredClone(message);
    queueMicrotask(() => void (isOpen && take(copy)));
  };
  return {
    tab: { post: (message) => pass(message, (copy) => takes.holder(copy)), listen: (take) => void (takes.tab = take), close },
    holder: { post: (message) => pass(message, (copy) => takes.tab(copy)), listen: (take) => void (takes.holder = take), close },
  };
}

/** A message port; closing it says nothing to the other end. */
export function overPort<In, Out>(port: MessagePort): Channel<In, Out> {
  return {
    post: (message) => port.postMessage(message),
    listen: (take) => {
      port.onmessage = (event: MessageEvent<In>) => take(event.data);
    },
    close: () => {
      port.onmessage = null;
      port.close();
    },
  };
}

/** The two broadcast channels of a context, from a tab: it does not hear what other tabs say. */
export function busOfTab(names: Names): TabEnd {
  return overBroadcast(names.up, names.down);
}

/** The same, from the holder. */
export function busOfHolder(names: Names): HolderEnd {
  return overBroadcast(names.down, names.up);
}

function overBroadcast<In, Out>(to: string, from: string): Channel<In, Out> {
  const out = new BroadcastChannel(to);
  const back = new BroadcastChannel(from);
  return {
    post: (message) => out.postMessage(message),
    listen: (take) => {
      back.onmessage = (event: MessageEvent<In>) => take(event.data);
    },
    close: () => {
      out.close();
      back.close();
    },
  };
}
