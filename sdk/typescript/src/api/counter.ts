/** Where requests and sends are handed in: what waits for the connection, what is granted, what fails. */

import type { Desk } from "../core/desk.ts";
import type { WireAnswer, WireCommand } from "../core/messages.ts";
import type { Clock } from "../core/ports.ts";
import type { Emitter } from "./emitter.ts";
import { ClientClosed, LinkDown, OutboxFull, ProtocolFault, TimedOut, errorOf } from "./errors.ts";
import type { Events } from "./events.ts";
import type { AnswerTo, Fields, Inside, Op } from "./inside.ts";
import type { Limits } from "./limits.ts";
import type { SaidData } from "./message.ts";
import { camel, snake } from "./names.ts";
import type { Plugins } from "./plugins.ts";

/** What a grant is needed for: `user`, who I am, wants to do `action`. `members` are whom it is done to, sorted and without me. */
export interface GrantRequest {
  readonly action: "create" | "add" | "remove" | "join";
  readonly user: string;
  /** The conversation it is done to, null for one that is to be created. */
  readonly conversation: string | null;
  readonly members: readonly string[];
}

/** Gives a grant of the program's own server; called anew for each attempt of a command, for a grant may be good once. */
export type GrantProvider = (request: GrantRequest) => string | Promise<string>;

/** What a counter is made of. */
export interface CounterParts {
  readonly clock: Clock;
  readonly limits: Limits;
  readonly plugins: Plugins;
  readonly emitter: Emitter<Events>;
  readonly failFast: boolean;
  readonly grants: GrantProvider | null;
  /** Waits until all that came was told. */
  idle(): Promise<void>;
}

/** The action of a command that needs a grant. */
const ACTIONS: { readonly [op: string]: GrantRequest["action"] } = { create: "create", join: "join", enter: "join", add: "add", remove: "remove", restrict: "remove" };

/** The inside of a client, on the desk of its tab. */
export class Counter implements Inside {
  readonly plugins: Plugins;
  readonly emitter: Emitter<Events>;
  readonly #parts: CounterParts;
  readonly #delivered = new Map<string, number>();
  #desk: Desk | null = null;
  #wake: (() => void)[] = [];
  #sends = 0;
  /** Why nothing more can be asked. */
  over: unknown = null;

  constructor(parts: CounterParts) {
    this.#parts = parts;
    this.plugins = parts.plugins;
    this.emitter = parts.emitter;
  }

  /** The desk of the tab. Throws where the client is over or has not begun. */
  get desk(): Desk {
    if (this.over) throw this.over;
    if (!this.#desk) throw new ClientClosed("the client has not begun");
    return this.#desk;
  }

  set desk(desk: Desk) {
    this.#desk = desk;
  }

  /** Whether there is a desk. */
  get hasBegun(): boolean {
    return !!this.#desk;
  }

  get user(): string {
    return this.#desk?.session?.user ?? "";
  }

  get tab(): string {
    return this.#desk?.tab ?? "";
  }

  newKey(): string {
    // One of a client that is over is refused when it is used, by the promise that its maker gives.
    return this.#desk?.newKey() ?? "";
  }

  isOwn({ sender, key }: SaidData): boolean {
    return sender === this.user && this.isOwnKey(key);
  }

  isOwnKey(key: string): boolean {
    return !!this.#desk?.isOwnKey(key);
  }

  now(): number {
    return this.#parts.clock.now();
  }

  /** Wakes whoever waits for the connection, or for the end. */
  stirred(): void {
    const woken = this.#wake;
    this.#wake = [];
    for (const wake of woken) wake();
  }

  ask<O extends Op>(op: O, fields: Fields<O>): Promise<AnswerTo<O>> {
    const command = { op, ...snake(fields) };
    const needed = this.#neededFor(command);
    return this.#within(this.#parts.limits.requestS, op, needed ? this.#granted(command, needed) : this.#asked(command));
  }

  askNow<O extends Op>(op: O, fields: Fields<O>): Promise<AnswerTo<O>> {
    return this.#within(this.#parts.limits.requestS, op, this.#now({ op, ...snake(fields) }));
  }

  async place(fields: Fields<"send">): Promise<Extract<AnswerTo<"send">, { readonly kind: "placed" }>> {
    const { desk } = this;
    const { limits, failFast } = this.#parts;
    if (failFast) this.#mustBeLive();
    if (this.#sends >= limits.outbox) throw new OutboxFull(`${this.#sends} sends wait for the connection`, { numbers: { limit: limits.outbox } });
    this.#sends++;
    try {
      const answer = camel(await desk.place({ op: "send", ...snake(fields) } as WireCommand & { op: "send"; key: string })) as unknown as AnswerTo<"send">;
      if (answer.kind !== "placed") throw new ProtocolFault(`a send was answered with ${answer.kind}`);
      // The message comes by first: its handlers have it before its sender goes on.
      await this.#parts.idle();
      return answer;
    } catch (fault) {
      throw errorOf(fault);
    } finally {
      this.#sends--;
    }
  }

  noteDelivered(conversation: string, seq: number): void {
    const isFirst = !this.#delivered.size;
    this.#delivered.set(conversation, Math.max(seq, this.#delivered.get(conversation) ?? 0));
    if (isFirst) void this.#tellDelivered();
  }

  async #tellDelivered(): Promise<void> {
    // Once for what comes together.
    await null;
    for (const [conversation, seq] of this.#delivered) {
      try {
        // One of the tabs does it for the device.
        if (this.desk.tabs.length < 2 || (await this.desk.claim("delivered", `${conversation}:${seq}`))) await this.ask("mark_delivered", { conversation, seq });
      } catch {
        // Whoever could not be told keeps what they know: the next message tells again.
      }
      if (this.#delivered.get(conversation) === seq) this.#delivered.delete(conversation);
    }
  }

  async #asked(command: WireCommand): Promise<WireAnswer> {
    return this.#parts.failFast ? this.#now(command) : this.desk.request(command);
  }

  async #now(command: WireCommand): Promise<WireAnswer> {
    this.#mustBeLive();
    return this.desk.requestNow(command);
  }

  /** Asks with a new grant for each attempt: the one before may have been used up. */
  async #granted(command: WireCommand, needed: GrantRequest): Promise<WireAnswer> {
    const { grants, failFast, limits } = this.#parts;
    for (;;) {
      while (!failFast && this.desk.state !== "live") await new Promise<void>((wake) => this.#wake.push(wake));
      const grant = await this.#inTime(limits.grantS, "a grant", Promise.resolve((grants as GrantProvider)(needed)));
      try {
        return await this.#now({ ...command, grant });
      } catch (fault) {
        const error = errorOf(fault);
        if (failFast || !(error instanceof LinkDown)) throw error;
        // A desk that says it is live while its holder is lost would have this go round without an end.
        await new Promise<void>((go) => this.#parts.clock.after(100, go));
      }
    }
  }

  #neededFor({ op, users, members, conversation = null, what, on }: WireCommand): GrantRequest | null {
    const action = ACTIONS[op];
    if (!this.#parts.grants || !action || (op === "restrict" && (what !== "blocked" || !on))) return null;
    const others = [...new Set(((users ?? members ?? []) as string[]).filter((user) => user !== this.user))].sort();
    if (users && !others.length) return null;
    return { action, user: this.user, conversation: conversation as string | null, members: others };
  }

  #mustBeLive(): void {
    if (this.desk.state !== "live") throw new LinkDown("there is no connection now");
  }

  async #within<O extends Op>(seconds: number, op: O, work: Promise<WireAnswer>): Promise<AnswerTo<O>> {
    try {
      return camel(await this.#inTime(seconds, `an answer to ${op}`, work)) as unknown as AnswerTo<O>;
    } catch (fault) {
      throw errorOf(fault);
    }
  }

  #inTime<T>(seconds: number, what: string, work: Promise<T>): Promise<T> {
    return new Promise((give, fail) => {
      const off = this.#parts.clock.after(seconds * 1000, () => fail(new TimedOut(`waited ${seconds} s for ${what}`)));
      void work.then(give, fail).then(off);
    });
  }
}
