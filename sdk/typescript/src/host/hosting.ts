/**
 * Holds the session where this code runs, as soon as the locks allow it, and carries messages between holder and tabs.
 * The same in a worker, in a leader tab, and in a tab that shares with nobody.
 */

import type { Holder, HolderCode, HolderPorts } from "../core/holding.ts";
import { PROTOCOL } from "../core/messages.ts";
import type { FromTabEnvelope, HostKind, ToTabEnvelope } from "../core/messages.ts";
import type { Held, Locks } from "../core/ports.ts";
import { Stopper } from "../core/stopper.ts";
import type { HolderEnd } from "./channels.ts";
import type { Names } from "./names.ts";

/** Of what is not the holder's own word: heard by every tab, whatever fence it knows. */
const ANY_FENCE = Number.MAX_SAFE_INTEGER;

export interface HostingPorts extends Omit<HolderPorts, "host" | "life" | "dial" | "duties" | "post" | "over"> {
  readonly kind: HostKind;
  readonly names: Names;
  /** None: nobody shares with this host, and nothing has to be waited for. */
  readonly locks: Locks | null;
  readonly bus: (() => HolderEnd) | null;
  readonly code: HolderCode;
  /** Locks that tell others what kind of holder this is. */
  readonly marks: readonly string[];
}

/** What it takes to be the holder; gone all at once. */
interface Reign {
  readonly holder: Holder;
  readonly locks: readonly Held[];
}

/** A candidate for holding the session, or its holder. */
export class Hosting {
  private readonly _ports: HostingPorts;
  private readonly _ends = new Set<HolderEnd>();
  private readonly _ways = new Map<string, HolderEnd>();
  private readonly _watches = new Map<string, Stopper>();
  private _bus: HolderEnd | null = null;
  protected _reign: Reign | null = null;
  /** While the lock is waited for; what calls it off. */
  protected _queue: Stopper | null = null;
  /** Messages that came before it was known whether the lock is free. */
  private _early: (() => void)[] | null = null;
  /** It ended for tabs of this protocol; it can never serve them. */
  private _yieldedTo = Infinity;
  /** What follows when its holder is over and it is to hold no more. */
  protected _retired: (() => void) | null = null;

  constructor(ports: HostingPorts) {
    this._ports = ports;
  }

  get isHolder(): boolean {
    return this._reign !== null;
  }

  /** Takes messages of one more tab, or of several. */
  connect(end: HolderEnd): void {
    this._ends.add(end);
    end.listen((envelope) => this._hear(envelope, end));
  }

  /** Becomes the holder now if nobody is, else as soon as the present one is gone. Safe to repeat. */
  start(): void {
    if (this._queue !== null || this._reign !== null) return;
    const stop = (this._queue = new Stopper());
    this._early ??= [];
    void this._wait(stop);
  }

  /** Ends at once, with the tab of this page: the link is closed and the locks are free when this returns. */
  stop(tab?: string): void {
    this._queue?.stop();
    this._queue = null;
    this._early = null;
    this._abdicate(tab);
    for (const end of this._ends) end.close();
    this._ends.clear();
  }

  // ------------------------------------------------------------ the lock

  private async _wait(stop: Stopper): Promise<void> {
    const { locks, names } = this._ports;
    if (locks === null) return this._rule(null, stop);
    const free = await locks.tryHold(names.owner);
    if (free !== null) return this._rule(free, stop);
    if (stop.aborted) return;
    this._dispatch();
    const held = await locks.hold(names.owner, stop);
    if (held !== null) await this._rule(held, stop);
  }

  protected async _rule(owner: Held | null, stop: Stopper): Promise<void> {
    const held = owner === null ? [] : [owner];
    const { locks, names, entropy, kind, marks } = this._ports;
    const { make, ...code } = this._ports.code;
    const life = names.life(entropy.id());
    if (locks !== null) {
      const own = await Promise.all([life, ...marks].map((name) => locks.tryHold(name)));
      held.push(...own.filter((one) => one !== null));
    }
    if (stop.aborted) return held.forEach((one) => one.release());
    this._queue = null;
    this._bus = this._ports.bus?.() ?? null;
    if (this._bus !== null) this.connect(this._bus);
    const holder = make({ ...this._ports, ...code, host: kind, life, post: (envelope) => this._post(envelope), over: () => this._over(holder) });
    this._reign = { holder, locks: held };
    // Stolen: the holder ends before anything else is touched, and this host goes on as a candidate.
    void owner?.lost.then(() => this._reign?.holder === holder && (this._abdicate(), (this._retired ?? (() => this.start()))()));
    this._dispatch();
    this._call();
  }

  /** Lets those say hello again that were with another holder; who spoke to this one already need not. */
  private _call(): void {
    const known = new Set(this._ways.values());
    for (const end of this._ends) if (!known.has(end)) end.post({ fence: ANY_FENCE, tab: null, message: { is: "who" } });
  }

  private _over(holder: Holder): void {
    // The hub may say so while it is being made.
    queueMicrotask(() => {
      if (this._reign?.holder !== holder) return;
      this._abdicate();
      // Tabs that were told of no end look for the next holder; without locks they would not know.
      (this._retired ?? (() => this._call()))();
    });
  }

  private _abdicate(tab?: string): void {
    const reign = this._reign;
    if (reign === null) return;
    this._reign = null;
    reign.holder.stop(tab);
    for (const watch of this._watches.values()) watch.stop();
    this._watches.clear();
    this._ways.clear();
    if (this._bus !== null) {
      this._ends.delete(this._bus);
      this._bus.close();
      this._bus = null;
    }
    for (const lock of reign.locks) lock.release();
  }

  // ------------------------------------------------------------ messages

  private _dispatch(): void {
    const early = this._early ?? [];
    this._early = null;
    for (const call of early) call();
  }

  private _hear(envelope: FromTabEnvelope, end: HolderEnd): void {
    if (this._early !== null) return void this._early.push(() => this._hear(envelope, end));
    const { tab, message } = envelope;
    const reign = this._reign;
    if (reign === null) return this._decline(envelope, end);
    if (message.is === "hello" || !this._ways.has(tab)) this._come(tab, end);
    if (message.is === "yield" && message.v > PROTOCOL) this._yieldedTo = Math.min(this._yieldedTo, message.v);
    if (message.is === "ping") return end.post({ fence: ANY_FENCE, tab, message: { is: "pong" } });
    if (message.is === "hello") this._watch(tab);
    if (message.is === "bye") this._leave(tab);
    reign.holder.take(envelope);
  }

  /** Not the holder: the tab is sent to the bus, and this host waits for the lock, so that it can be the next. */
  private _decline({ tab, message }: FromTabEnvelope, end: HolderEnd): void {
    if (message.is !== "hello") return;
    if (this._queue === null && message.v < this._yieldedTo) {
      this.start();
      return this._hear({ tab, message }, end);
    }
    end.post({ fence: 0, tab, message: { is: "elsewhere" } });
    this._ends.delete(end);
  }

  private _watch(tab: string): void {
    const { locks, names } = this._ports;
    if (locks === null || this._watches.has(tab)) return;
    const stop = new Stopper();
    this._watches.set(tab, stop);
    void locks.hold(names.tab(tab), stop).then((held) => {
      held?.release();
      if (held === null || this._watches.get(tab) !== stop) return;
      this._leave(tab);
      this._reign?.holder.gone(tab);
    });
  }

  private _leave(tab: string): void {
    this._watches.get(tab)?.stop();
    this._watches.delete(tab);
    this._part(tab);
  }

  /** A tab that sought its holder anew comes by a new port: nobody hears at the other end of the old one. */
  private _come(tab: string, end: HolderEnd): void {
    if (this._ways.get(tab) === end) return;
    this._part(tab);
    this._ways.set(tab, end);
  }

  private _part(tab: string): void {
    const end = this._ways.get(tab);
    this._ways.delete(tab);
    // A port belongs to one tab; after its bye nothing may be posted to it, or the sleeping page is thrown out of the cache.
    if (end !== undefined && end !== this._bus && ![...this._ways.values()].includes(end)) this._ends.delete(end);
  }

  private _post(envelope: ToTabEnvelope): void {
    if (envelope.tab !== null) return this._ways.get(envelope.tab)?.post(envelope);
    for (const end of this._ends) end.post(envelope);
  }
}
