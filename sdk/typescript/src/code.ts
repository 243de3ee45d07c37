/** The code of a holder: what makes one, and what connects it. */

import type { HolderCode } from "./core/holding.ts";
import { makeHub } from "./core/hub.ts";
import { systemClock } from "./host/clock.ts";
import { firstOf } from "./links/choosing.ts";
import { byWebSocket } from "./links/websocket.ts";

/** By WebSocket; where none comes about, by long polling. */
export const CODE: HolderCode = {
  make: makeHub,
  dial: firstOf(
    systemClock,
    byWebSocket((url, subprotocol) => new WebSocket(url, subprotocol)),
    async (...words) => (await import("./polling.ts")).POLLING(...words),
  ),
};
