/** What passes by, and what is told to this session or asked of it: which of the tabs hear it. */

import type { Command as Operation } from "../wire/types.ts";
import { hearers } from "./interests.ts";
import type { Stakes } from "./interests.ts";
import type { Link } from "./link.ts";
import type { ToTab, WireEvent } from "./messages.ts";
import type { Clock } from "./ports.ts";
import { fromTheFront } from "./seat.ts";
import type { Seat } from "./seat.ts";

/** Ids that are confirmed at once, and events that wait to be heard; the server takes, and keeps for a user, no more. */
const TOOK = 1000;

/** What it needs of the holder. */
export interface PassingPorts {
  readonly clock: Clock;
  readonly seats: ReadonlyMap<string, Seat>;
  readonly stakes: Stakes;
  post(tab: string, message: ToTab): void;
}

/** Something that waits for a tab to tell it to; a question until nobody waits for its answer. */
interface Waiting {
  readonly event: WireEvent;
  readonly until: number;
}

/**
 * Who hears of events. What the server keeps for this session is confirmed as soon as the program of a tab was given it; until then it waits
 * for one, and so does a question. As long as tabs of an earlier holder may come back, what is kept is told to them, too.
 */
export class Passing {
  private readonly _ports: PassingPorts;
  private _waiting: Waiting[] = [];
  /** What was told and is kept, as long as tabs may come back; null when they do no more. */
  private _recent: WireEvent[] | null = null;
  private _link: Link | null = null;
  private _took: string[] = [];
  /** What was told and is kept, and no tab has said yet that its program had it. */
  private readonly _unheard = new Map<string, WireEvent>();
  private _hasMore = false;
  /** The loss that was heard of and is to be given back, else 0. */
  private _lost = 0;
  private _isConfirming = false;

  constructor(ports: PassingPorts) {
    this._ports = ports;
  }

  /** A link is live. What was not confirmed on the one before comes again. */
  begin(link: Link): void {
    this._link = link;
    this._recent ??= [];
    this._took = [];
    this._isConfirming = this._hasMore = false;
  }

  /** The tabs of an earlier holder that did not come back by now do not: what was for them is dropped. */
  settle(): void {
    this._recent = null;
    const all = this._waiting;
    this._waiting = [];
    for (const { event, until } of all) this._tell(event, until);
    this.gone();
  }

  /** A tab is gone. What it alone was told and its program did not have is dropped, unless it may come back. */
  gone(): void {
    if (this._recent === null) for (const [id, { tab }] of this._unheard) if (tab !== undefined && !this._ports.seats.has(String(tab))) this.heard(id);
  }

  /** Gives an event, which came at that time, to those that it is for. */
  take(event: WireEvent, at: number): void {
    const { kind, events, has_more: hasMore, lost } = event as WireEvent & { readonly events?: readonly object[]; readonly lost?: number };
    if (kind === "told_later") {
      this._hasMore ||= hasMore === true;
      this._lost = lost ?? this._lost;
      if (lost) this._tell({ kind, lost });
      for (const each of events ?? []) this._tell({ ...each, kind: "told" });
      if (lost) this._confirm(null);
      return;
    }
    const until = at + (Number(event["within_ms"]) || 0);
    // Nobody waits for the answer any more.
    if (kind === "asked" && until < this._ports.clock.now()) return;
    if (kind === "told" || kind === "asked") this._tell(event, until);
    else this._pass(event);
  }

  /** The program of a tab was given what is kept. */
  heard(id: string): void {
    if (this._unheard.delete(id)) this._confirm(id);
  }

  /** A tab is welcome: what waited for one is told, and what others were told and may have died over. */
  welcome(seat: Seat): void {
    const recent = seat.isNew ? [] : (this._recent ?? []);
    for (const event of new Set([...recent, ...this._unheard.values()])) if (isFor(event, seat)) this._post(seat, event);
    const mine = this._waiting.filter(({ event }) => isFor(event, seat));
    this._waiting = this._waiting.filter((each) => !mine.includes(each));
    for (const { event, until } of mine) if (event.kind !== "asked" || until > this._ports.clock.now()) this._tell(event, until);
  }

  private _pass(event: WireEvent): void {
    const heard = hearers(event, this._ports.stakes);
    // Who is busy is spared what passes by, but for calls: what rings is to be answered.
    const isUrgent = event.kind.startsWith("call");
    for (const seat of this._ports.seats.values()) if (heard?.includes(seat.tab) !== false && seat.isWelcome && (isUrgent || seat.hasRoom)) this._post(seat, event);
  }

  private _tell(event: WireEvent, until = 0): void {
    const all = [...this._ports.seats.values()].filter((seat) => seat.isWelcome && isFor(event, seat));
    // One tab answers.
    const meant = event.kind === "asked" ? fromTheFront(all).slice(0, 1) : all;
    const isKept = event["is_kept"] === true;
    if (meant.length === 0 && this._mayWait(event, isKept)) return void this._waiting.push({ event, until });
    for (const seat of meant) if (isKept || event.kind !== "told" || seat.hasRoom) this._post(seat, event);
    if (!isKept) return;
    const id = String(event["id"]);
    this._recent?.push(event);
    if (meant.length === 0) return this._confirm(id);
    this._unheard.set(id, event);
    // Not confirmed, it comes again with the next link, if it is kept by then.
    if (this._unheard.size > TOOK) this._unheard.delete([...this._unheard.keys()][0] as string); // there are more than none
  }

  /** What is for one tab waits for that tab to come back; what is for any, for any. */
  private _mayWait({ kind, tab }: WireEvent, isKept: boolean): boolean {
    return (isKept || kind !== "told") && (tab === undefined || this._recent !== null);
  }

  private _confirm(id: string | null): void {
    if (id !== null) this._took.push(id);
    if (!this._isConfirming && this._link !== null) void this._sayTook(this._link);
  }

  private async _sayTook(link: Link): Promise<void> {
    this._isConfirming = true;
    // What comes in the same moment is confirmed at once.
    await null;
    do {
      const isMore = this._hasMore && this._unheard.size === 0;
      const took: Operation = { op: "took", ids: this._took.splice(0, TOOK), ...(isMore && { more: true }), ...(this._lost && { lost: this._lost }) };
      this._hasMore &&= !isMore;
      this._lost = 0;
      await link.request(took);
      if (this._link !== link) return;
    } while (this._took.length + this._lost > 0);
    this._isConfirming = false;
  }

  private _post(seat: Seat, event: WireEvent): void {
    this._ports.post(seat.tab, { is: "event", event });
  }
}

function isFor({ tab }: WireEvent, seat: Seat): boolean {
  return tab === undefined || tab === seat.tab;
}
