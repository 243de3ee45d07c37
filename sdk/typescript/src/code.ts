/** The code of a holder: what makes one, and what connects it. */

import { bringing } from "./core/bringing.ts";
import type { HolderCode } from "./core/holding.ts";
import { makeHub } from "./core/hub.ts";
import { systemClock } from "./host/clock.ts";
import { firstOf } from "./links/choosing.ts";
import { byWebSocket } from "./links/websocket.ts";

/** The files' names; put in when this is built. */
declare const FILES: { readonly [name: string]: string };

const polling = bringing(() => import("./polling.ts"), () => FILES["polling"] as string);

/** By WebSocket; where none comes about, by long polling. */
export const CODE: HolderCode = {
  make: makeHub,
  dial: firstOf(
    systemClock,
    byWebSocket((url, subprotocol) => new WebSocket(url, subprotocol)),
    async (...words) => (await polling()).POLLING(...words),
  ),
};
