/** The side of a `Client` that is about what I have besides conversations. */

import type { Calling } from "./calling.ts";
import type { Claiming } from "./claiming.ts";
import { Founding } from "./founding.ts";
import { lately } from "./late.ts";
import type { Listing } from "./listing.ts";
import type { OwnSessions } from "./own-sessions.ts";
import type { Telling } from "./telling.ts";

/** What is brought at its first use. */
export interface Account extends Calling, Claiming, Listing, OwnSessions, Telling {}

/** My devices and sessions. */
export abstract class Account extends Founding {
  static {
    lately(this, "client", "sessions otherSessions closeSession closeDevice closeTab markAllRead removeFile dropWill registerPush unregisterPush tell ask onAsk runOnce call calls turnServers whenBusy conversations* threads* silenceAll unsilenceAll silenceOfAll");
  }
}
