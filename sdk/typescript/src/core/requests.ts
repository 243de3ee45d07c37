/** What the tabs ask of the server: asked again, in order, on each new link until it is answered. */

import type { Loss } from "../wire/loss.ts";
import type { Command as Operation } from "../wire/types.ts";
import { denied, linkDown, refused } from "./faults.ts";
import type { Link } from "./link.ts";
import type { Command, Fault } from "./messages.ts";

/** Links that may be lost under a request before it fails: it may be what they break at. */
const LOSSES = 20;
/** The same for links that the server ended because an answer was too much for them. */
const SLOW = 3;
/** Requests that wait, as JSON, of all tabs. Each tab bounds their number. */
const BYTES = 16 << 20;
/** What the holder does itself. */
const OWN = new Set(["login", "resume", "logout", "sync", "ping"]);

interface Pending {
  readonly tab: string;
  readonly command: Command;
  readonly bytes: number;
  losses: number;
  slow: number;
}

/** Who hears of answers. */
export interface RequestEvents {
  answered(tab: string, command: Command, answer: unknown): void;
  failed(tab: string, command: Command, fault: Fault): void;
}

/** All that was asked and is not answered. */
export class Requests {
  private readonly _pending = new Map<string, Pending>();
  private readonly _events: RequestEvents;
  private _bytes = 0;

  constructor(events: RequestEvents) {
    this._events = events;
  }

  /** Takes a command of a tab; one that is under way already is passed over. */
  take(tab: string, command: Command, link: Link | null): void {
    const key = keyOf(tab, command.n);
    if (this._pending.has(key)) return;
    if (OWN.has(command.do.op)) return this._events.failed(tab, command, denied("unsupported", `${command.do.op} is not for tabs`));
    const bytes = JSON.stringify(command.do).length;
    const pending: Pending = { tab, command, bytes, losses: 0, slow: 0 };
    if ((link === null && command.how === "now") || this._bytes + bytes > BYTES) return this._events.failed(tab, command, linkDown(null));
    this._pending.set(key, pending);
    this._bytes += bytes;
    if (link !== null) void this._ask(key, pending, link);
  }

  /** A link is live: what waits is asked in order. */
  begin(link: Link): void {
    for (const [key, pending] of this._pending) void this._ask(key, pending, link);
  }

  /** Its tab does not wait any more. */
  cancel(tab: string, n: number): void {
    this._drop(keyOf(tab, n));
  }

  /** A tab is gone: what it asked is carried out where it is under way, and asked no more. */
  gone(tab: string): void {
    for (const [key, pending] of this._pending) if (pending.tab === tab) this._drop(key);
  }

  private async _ask(key: string, pending: Pending, link: Link): Promise<void> {
    const { tab, command } = pending;
    const said = await link.request(command.do as unknown as Operation);
    if (this._pending.get(key) !== pending) return;
    if ("loss" in said && !this._isHopeless(pending, said.loss)) return;
    this._drop(key);
    if ("answer" in said) this._events.answered(tab, command, said.answer);
    else this._events.failed(tab, command, "refusal" in said ? refused(said.refusal) : linkDown(said.loss));
  }

  private _drop(key: string): void {
    this._bytes -= this._pending.get(key)?.bytes ?? 0;
    this._pending.delete(key);
  }

  private _isHopeless(pending: Pending, loss: Loss): boolean {
    pending.losses += 1;
    pending.slow += loss.code === "slow_consumer" ? 1 : 0;
    return pending.command.how === "now" || pending.losses >= LOSSES || pending.slow >= SLOW;
  }
}

function keyOf(tab: string, n: number): string {
  return `${n}:${tab}`;
}
