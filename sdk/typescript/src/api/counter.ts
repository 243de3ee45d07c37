/** Where requests and sends are handed in: what waits for the connection, what is granted, what fails. */

import type { Desk } from "../core/desk.ts";
import type { WireAnswer, WireCommand } from "../core/messages.ts";
import type { Clock } from "../core/ports.ts";
import type { Emitter } from "./emitter.ts";
import { ClientClosed, LinkDown, ProtocolFault, TimedOut, errorOf } from "./errors.ts";
import type { Events } from "./events.ts";
import type { GrantProvider } from "./grants.ts";
import type { AnswerTo, Fields, Inside, Op } from "./inside.ts";
import { more } from "./late.ts";
import type { Limits } from "./limits.ts";
import type { SaidData } from "./message.ts";
import { camel, snake } from "./names.ts";
import type { Plugins } from "./plugins.ts";

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

/** The inside of a client, on the desk of its tab. */
export class Counter implements Inside {
  readonly plugins: Plugins;
  readonly emitter: Emitter<Events>;
  readonly failFast: boolean;
  readonly #parts: CounterParts;
  readonly #delivered = new Map<string, number>();
  #desk: Desk | null = null;
  /** Why nothing more can be asked. */
  over: unknown = null;

  constructor(parts: CounterParts) {
    this.#parts = parts;
    this.plugins = parts.plugins;
    this.emitter = parts.emitter;
    this.failFast = parts.failFast;
  }

  /** The desk of the tab. Throws where the client is over or has not begun. */
  get desk(): Desk {
    if (this.over) throw this.over;
    if (!this.#desk) throw new ClientClosed();
    return this.#desk;
  }

  set desk(desk: Desk) {
    this.#desk = desk;
  }

  /** Whether there is a desk. */
  get _hasBegun(): boolean {
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

  fault(code: string, message: string): unknown {
    return errorOf({ code, message, where: "link" });
  }

  pause(ms: number): Promise<void> {
    return new Promise((go) => void this.#parts.clock.after(ms, () => go()));
  }

  ask<O extends Op>(op: O, fields: Fields<O>): Promise<AnswerTo<O>> {
    return this.#within(op, this.#ask({ op, ...snake(fields) }));
  }

  _askNow<O extends Op>(op: O, fields: Fields<O>): Promise<AnswerTo<O>> {
    return this.#within(op, this.askedNow({ op, ...snake(fields) }));
  }

  async place(fields: Fields<"send">): Promise<Extract<AnswerTo<"send">, { readonly kind: "placed" }>> {
    if (this.failFast) this.#mustBeLive();
    try {
      const answer = camel(await this.desk.place({ op: "send", ...snake(fields) } as WireCommand & { op: "send"; key: string })) as unknown as AnswerTo<"send">;
      if (answer.kind !== "placed") throw new ProtocolFault(`answered with ${answer.kind}`);
      // The message comes by first: its handlers have it before its sender goes on.
      await this.#parts.idle();
      return answer;
    } catch (fault) {
      throw errorOf(fault);
    }
  }

  _noteDelivered(conversation: string, seq: number): void {
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

  /** Asks as the client is to: now, or again after a loss. */
  async asked(command: WireCommand): Promise<WireAnswer> {
    return this.failFast ? this.askedNow(command) : this.desk.request(command);
  }

  /** Asks if there is a connection now. */
  async askedNow(command: WireCommand): Promise<WireAnswer> {
    this.#mustBeLive();
    try {
      return await this.desk.requestNow(command);
    } catch (fault) {
      throw errorOf(fault);
    }
  }

  /** Waits for a grant. */
  granted<T>(grant: Promise<T>): Promise<T> {
    return this.#inTime(this.#parts.limits.grantS, "a grant", grant);
  }

  async #ask(command: WireCommand): Promise<WireAnswer> {
    const { grants } = this.#parts;
    return grants ? (await more()).askGranted(this, grants, command) : this.asked(command);
  }

  #mustBeLive(): void {
    if (this.desk.state !== "live") throw new LinkDown();
  }

  async #within<O extends Op>(op: O, work: Promise<WireAnswer>): Promise<AnswerTo<O>> {
    try {
      return camel(await this.#inTime(this.#parts.limits.requestS, op, work)) as unknown as AnswerTo<O>;
    } catch (fault) {
      throw errorOf(fault);
    }
  }

  #inTime<T>(seconds: number, what: string, work: Promise<T>): Promise<T> {
    return new Promise((give, fail) => {
      const off = this.#parts.clock.after(seconds * 1000, () => fail(new TimedOut(`${what}: no answer in ${seconds} s`)));
      void work.then(give, fail).then(off);
    });
  }
}
