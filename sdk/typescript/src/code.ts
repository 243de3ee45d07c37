/** The code of a holder: what makes one, and what connects it. */

import { makeHub } from "./core/hub.ts";
import { systemClock } from "./host/clock.ts";
import type { HostCode } from "./host/sweeping.ts";
import { firstOf } from "./links/choosing.ts";
import { byWebSocket } from "./links/websocket.ts";

/** What brings the code that is loaded apart. */
type Duties = HostCode["duties"];
type Polling = () => Promise<typeof import("./polling.ts")>;

/** By WebSocket; where none comes about, by long polling. */
export function codeOf(duties: Duties, polling: Polling): HostCode {
  // Whoever may hold the session has all that this takes, also where the network is gone by then.
  void duties().catch(() => undefined);
  return {
    make: makeHub,
    duties,
    dial: firstOf(
      systemClock,
      byWebSocket((url, subprotocol) => new WebSocket(url, subprotocol)),
      async (...words) => (await polling()).POLLING(...words),
    ),
  };
}
