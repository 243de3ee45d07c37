/** Time and chance as browsers and Node give them. */

import type { Clock, Entropy } from "../core/ports.ts";

export const systemClock: Clock = {
  now: () => performance.now(),
  wall: () => Date.now(),
  after: (ms, call) => {
    const timer = setTimeout(call, ms);
    return () => clearTimeout(timer);
  },
};

/** `randomUUID` is not there on plain http; `getRandomValues` is. */
export const systemEntropy: Entropy = {
  id: () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join(""),
  chance: () => Math.random(),
};
