/** Faults as data: what a holder answers a tab with. */

import type { Loss } from "../wire/loss.ts";
import type { Refusal } from "../wire/types.ts";
import type { Fault } from "./messages.ts";

/** The server said no. */
export function refused({ code, message, retryable, retry_after_ms: retryAfterMs, numbers }: Refusal): Fault {
  return { code, message, where: "server", ...(retryable && { retryable }), ...(retryAfterMs !== undefined && { retryAfterMs }), ...(numbers !== undefined && { numbers }) };
}

/** The link is gone, or there is none. */
export function linkDown(loss: Loss | null): Fault {
  return { code: "link_down", message: loss?.message ?? "there is no connection now", retryable: true, where: "link" };
}

/** The holder itself says no. */
export function denied(code: string, message: string, numbers?: { readonly [name: string]: number | string }): Fault {
  return { code, message, where: "holder", ...(numbers !== undefined && { numbers }) };
}
