/** What holds a session, in pages that may have to do it themselves; loaded only there. */

import { CODE } from "./beside.ts";
import { hostsOf } from "./host/hosts.ts";

/** The hosts that live in pages. */
export const HOSTS = hostsOf(CODE);
