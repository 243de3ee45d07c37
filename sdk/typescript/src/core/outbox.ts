/** Sends in order: for each conversation one at a time, on disk until they are answered, whoever made them and is gone. */

import type { Command as Operation } from "../wire/types.ts";
import { delayMs } from "./backoff.ts";
import { denied, refused } from "./faults.ts";
import type { Link, Said } from "./link.ts";
import type { Command, Fault } from "./messages.ts";
import type { Clock, Entropy, SavedSend, Shelf } from "./ports.ts";

/** Sends that wait, and characters of them as JSON: each tab is told of all. */
const SENDS = 1000;
const SENDS_BYTES = 8 << 20;
/** How often a send that the server put off (`rate_limited`, `unavailable` …) is repeated before it fails. */
const REPEATS = 8;

type SendCommand = SavedSend["command"] & { readonly key: string; readonly conversation: string };

/** Who waits for what becomes of a send: a tab, and the number of its command. */
export interface Asker {
  readonly tab: string;
  readonly n: number;
}

interface Item {
  readonly send: SavedSend;
  /** None until a tab has said; a send that is asked for again, here or by another tab, has several. */
  askers: readonly Asker[];
  readonly bytes: number;
  /** Done when it is on disk, or cannot be. */
  readonly stored: Promise<boolean>;
  isAnnounced: boolean;
  isAsked: boolean;
  putOff: number;
}

/** Who hears of sends. */
export interface OutboxEvents {
  /** It is on disk, and not answered yet. */
  queued(send: SavedSend): void;
  sent(send: SavedSend, askers: readonly Asker[], answer: unknown, wasAnnounced: boolean): void;
  failed(send: SavedSend, askers: readonly Asker[], fault: Fault): void;
}

/** The sends of a context. */
export class Outbox {
  private readonly _items = new Map<string, Item>();
  private readonly _lanes = new Map<string, Item[]>();
  private readonly _ports: { readonly clock: Clock; readonly entropy: Entropy };
  private _shelf: Shelf | null = null;
  private readonly _events: OutboxEvents;
  private _link: Link | null = null;
  private _last = 0;
  private _bytes = 0;

  constructor(ports: { readonly clock: Clock; readonly entropy: Entropy }, events: OutboxEvents) {
    this._ports = ports;
    this._events = events;
  }

  /** What waits and is on disk, oldest first. */
  get waiting(): readonly SavedSend[] {
    return [...this._items.values()].filter((item) => item.isAnnounced).map((item) => item.send);
  }

  /** Takes over what an earlier holder left, and keeps there what comes. */
  load(shelf: Shelf): void {
    this._shelf = shelf;
    for (const send of shelf.outbox) {
      this._last = Math.max(this._last, send.n);
      this._add({ send, askers: [], bytes: sizeOf(send), stored: Promise.resolve(true), isAnnounced: true, isAsked: false, putOff: 0 });
    }
  }

  /** Drops what nobody asks for any more: the session it was made in was ended by others. */
  forget(): void {
    for (const item of [...this._items.values()]) if (item.askers.length === 0) this._drop(item);
  }

  /** Takes a send of a tab; one that waits already answers this command, too. */
  put(tab: string, { n, do: command }: Command): void {
    const { key } = command as unknown as SendCommand;
    const known = this._items.get(key);
    const asker = { tab, n };
    if (known !== undefined) {
      if (!known.askers.some((each) => each.tab === tab && each.n === n)) known.askers = [...known.askers, asker];
      return;
    }
    const send: SavedSend = { key, n: ++this._last, tab, at: this._ports.clock.wall(), command: command as unknown as SavedSend["command"] };
    const bytes = sizeOf(send);
    if (this._items.size >= SENDS || this._bytes + bytes > SENDS_BYTES) {
      return this._events.failed(send, [asker], denied("outbox_full", "too many wait", { limit: SENDS, limit_bytes: SENDS_BYTES }));
    }
    const item: Item = { send, askers: [asker], bytes, stored: this._store(send), isAnnounced: false, isAsked: false, putOff: 0 };
    this._add(item);
    void item.stored.then((isStored) => this._announce(item, isStored));
    this._next(laneOf(item));
  }

  /** A link is live: the first of each lane goes out. */
  begin(link: Link): void {
    this._link = link;
    for (const item of this._items.values()) item.isAsked = false;
    for (const lane of [...this._lanes.keys()]) this._next(lane);
  }

  /** There is no link. */
  lost(): void {
    this._link = null;
  }

  /** A tab is gone: what it sent goes out all the same, and is not answered to it. */
  gone(tab: string): void {
    for (const item of this._items.values()) item.askers = item.askers.filter((asker) => asker.tab !== tab);
  }

  private _add(item: Item): void {
    this._items.set(item.send.key, item);
    this._bytes += item.bytes;
    const lane = laneOf(item);
    this._lanes.set(lane, [...(this._lanes.get(lane) ?? []), item]);
  }

  private async _store(send: SavedSend): Promise<boolean> {
    try {
      await this._shelf?.putSend(send);
      return true;
    } catch {
      // It is sent all the same, as long as its tab lives.
      return false;
    }
  }

  private _announce(item: Item, isStored: boolean): void {
    if (!isStored || this._items.get(item.send.key) !== item) return;
    item.isAnnounced = true;
    this._events.queued(item.send);
  }

  private _next(lane: string): void {
    const first = this._lanes.get(lane)?.[0];
    if (first === undefined || first.isAsked || this._link === null) return;
    first.isAsked = true;
    void this._ask(first, this._link);
  }

  private async _ask(item: Item, link: Link): Promise<void> {
    const said = await link.request(item.send.command as unknown as Operation);
    if (this._link !== link || this._items.get(item.send.key) !== item) return this._late(item, said);
    if ("loss" in said) return;
    if ("refusal" in said && said.refusal.retryable && item.putOff < REPEATS) {
      const { clock, entropy } = this._ports;
      item.putOff += 1;
      clock.after(said.refusal.retry_after_ms ?? delayMs(item.putOff, entropy.chance()), () => {
        if (this._link === link && this._items.get(item.send.key) === item) void this._ask(item, link);
      });
      return;
    }
    this._done(item, said);
  }

  /** An answer that came while the link was given up is an answer. */
  private _late(item: Item, said: Said): void {
    if (this._items.get(item.send.key) === item && "answer" in said) this._done(item, said);
  }

  private _done(item: Item, said: Exclude<Said, { readonly loss: unknown }>): void {
    this._drop(item);
    if ("answer" in said) this._events.sent(item.send, item.askers, said.answer, item.isAnnounced);
    else this._events.failed(item.send, item.askers, refused(said.refusal));
  }

  private _drop(item: Item): void {
    const lane = laneOf(item);
    const rest = (this._lanes.get(lane) ?? []).filter((other) => other !== item);
    this._items.delete(item.send.key);
    this._bytes -= item.bytes;
    if (rest.length > 0) this._lanes.set(lane, rest);
    else this._lanes.delete(lane);
    // After its writing: in the other order it would stay there.
    void item.stored.then(() => this._shelf?.dropSend(item.send.key)).catch(() => undefined);
    this._next(lane);
  }
}

function sizeOf({ command }: SavedSend): number {
  return JSON.stringify(command).length;
}

function laneOf({ send }: Item): string {
  return (send.command as SendCommand).conversation;
}
