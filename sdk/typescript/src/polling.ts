/** The way to the server where no WebSocket comes about; loaded there. */

import { systemClock } from "./host/clock.ts";
import { fetchPost } from "./host/posting.ts";
import { byLongPoll } from "./links/longpoll.ts";

/** Connects by long polling. */
export const POLLING = byLongPoll(fetchPost, systemClock);
