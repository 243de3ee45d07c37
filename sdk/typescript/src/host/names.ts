/** Names of the locks, channels and workers of a context. Two contexts never share one. */

import type { LoginWish } from "../core/messages.ts";

export interface Names {
  /** Held by the one holder. */
  readonly owner: string;
  /** Held besides by a holder that lives in a worker: nobody may steal from it. */
  readonly ownerIsWorker: string;
  /** From tabs to the holder, and back. */
  readonly up: string;
  readonly down: string;
  /** Of the worker; the key of what is stored. */
  readonly context: string;
  life(instance: string): string;
  tab(tab: string): string;
}

/**
 * Names of (server, user, platform, tag). The origin of the page is no part of them: browsers keep locks, channels and workers
 * of origins apart. Each part is escaped, so that none can be mistaken for two.
 */
export function namesOf(wish: LoginWish): Names {
  const parts = [wish.url, wish.user ?? "", wish.device.platform, wish.tag ?? ""];
  const context = `unisono/${parts.map(encodeURIComponent).join("/")}`;
  return {
    context,
    owner: `${context}/owner`,
    ownerIsWorker: `${context}/owner-is-worker`,
    up: `${context}/up`,
    down: `${context}/down`,
    life: (instance) => `${context}/life/${instance}`,
    tab: (tab) => `${context}/tab/${tab}`,
  };
}
