/** The code of a holder: what makes one, and what connects it. */

import { bringing } from "./core/bringing.ts";
import { makeHub } from "./core/hub.ts";
import { systemClock } from "./host/clock.ts";
import type { HostCode } from "./host/sweeping.ts";
import { firstOf } from "./links/choosing.ts";
import { byWebSocket } from "./links/websocket.ts";

/** The files' names; put in when this is built. */
declare const FILES: { readonly [name: string]: string };

const duties = bringing(() => import("./duties.ts"), () => FILES["duties"] as string);
const polling = bringing(() => import("./polling.ts"), () => FILES["polling"] as string);

// Whoever may hold the session has all that this takes, also where the network is gone by then.
void duties().catch(() => undefined);

/** By WebSocket; where none comes about, by long polling. */
export const CODE: HostCode = {
  make: makeHub,
  duties,
  dial: firstOf(
    systemClock,
    byWebSocket((url, subprotocol) => new WebSocket(url, subprotocol)),
    async (...words) => (await polling()).POLLING(...words),
  ),
};
