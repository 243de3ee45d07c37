/** Names of the locks, channels and workers of a context. Two contexts never share one. */

import type { LoginWish } from "../core/messages.ts";

export interface Names {
  /** Held by the one holder. */
  readonly owner: string;
  /** Held besides by a holder that lives in a worker: nobody may steal from it. */
  readonly ownerIsWorker: string;
  /** Held besides by the worker that holds the session; its name is this and a number. */
  readonly worker: string;
  /** From tabs to the holder, and back. */
  readonly up: string;
  readonly down: string;
  /** Of the worker; the key of what is stored. */
  readonly context: string;
  life(instance: string): string;
  tab(tab: string): string;
}

/**
 * Gives the context of who logs in: (server, user, platform, tag).
 *
 * The origin of the page is no part of it: browsers keep locks, channels and workers of origins apart. `credential` stands for
 * the token where only the server knows whose it is. Each part is escaped, so that none can be mistaken for two.
 */
export function contextOf(wish: LoginWish, credential: string): string {
  const parts = [wish.url, wish.user ?? "", wish.device.platform, wish.tag ?? "", credential];
  return `unisono/${parts.map(encodeURIComponent).join("/")}`;
}

/** Names within a context. */
export function namesOf(context: string): Names {
  return {
    context,
    owner: `${context}/owner`,
    ownerIsWorker: `${context}/owner-is-worker`,
    worker: `${context}/worker/`,
    up: `${context}/up`,
    down: `${context}/down`,
    life: (instance) => `${context}/life/${instance}`,
    tab: (tab) => `${context}/tab/${tab}`,
  };
}

/** Name of a worker; another `attempt` is another worker. */
export function workerName(context: string, attempt: number): string {
  return `${context}#${attempt}`;
}

/** The context and the attempt of a worker of this name. */
export function ofWorkerName(name: string): { readonly context: string; readonly attempt: number } {
  const at = name.lastIndexOf("#");
  return { context: name.slice(0, at), attempt: Number(name.slice(at + 1)) };
}
