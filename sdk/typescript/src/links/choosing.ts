/** Which way to the server is taken: by WebSocket where that goes through, by long polling elsewhere. */

import type { Clock, Dial } from "../core/ports.ts";
import { Stopper } from "../core/stopper.ts";
import { lossOf } from "../wire/loss.ts";

/** For a WebSocket to open: something on the way may swallow the asking. */
const SWALLOWED_MS = 5_000;
/** After which time it is tried again whether the other way goes through by now. */
const AGAIN_MS = 10 * 60_000;

/** Gives a `Dial` that takes the first way that goes through, and begins with it from then on. */
export function firstOf(clock: Clock, websocket: Dial, longpoll: Dial): Dial {
  let polledAt: number | null = null;
  return async (url, events, stop) => {
    const isPolled = polledAt !== null && clock.now() - polledAt < AGAIN_MS;
    const ways = isPolled ? [longpoll, websocket] : [websocket, longpoll];
    let problem: unknown = null;
    for (const way of ways) {
      const limit = new Stopper();
      stop.addEventListener("abort", () => limit.stop());
      const cancel = way === websocket ? clock.after(SWALLOWED_MS, () => limit.stop()) : () => undefined;
      try {
        const wire = await way(url, events, limit);
        if (way === websocket) polledAt = null;
        else if (!isPolled) polledAt = clock.now();
        return wire;
      } catch (failed) {
        // Who was heard and not let in need not try another door.
        if (lossOf(failed) !== null || stop.aborted) throw failed;
        problem = failed;
      } finally {
        cancel();
      }
    }
    throw problem;
  };
}
