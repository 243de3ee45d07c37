/** The code of a holder: what makes one, and what connects it. */

import type { HolderCode } from "./core/holding.ts";
import { makeHub } from "./core/hub.ts";
import { byWebSocket } from "./links/websocket.ts";
import type { Socket } from "./links/websocket.ts";

/** By WebSocket. */
export const CODE: HolderCode = {
  make: makeHub,
  // Its handlers take more than is told here.
  dial: byWebSocket((url, subprotocol) => new WebSocket(url, subprotocol) as unknown as Socket),
};
