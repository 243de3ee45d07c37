/** Where requests and sends are handed in: what waits for the connection, what is granted, what fails. */

import type { Desk } from "../core/desk.ts";
import type { WireAnswer, WireCommand } from "../core/messages.ts";
import type { Clock } from "../core/ports.ts";
import type { Conversation } from "./conversation.ts";
import type { Deliveries } from "./deliveries.ts";
import type { Devices } from "./devices.ts";
import type { Emitter } from "./emitter.ts";
import { ClientClosed, LinkDown, ProtocolFault, errorOf, raise } from "./errors.ts";
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
  conversation(id: string): Conversation;
  /** Waits until all that came was told. */
  told(): Promise<void> | undefined;
}

/** The inside of a client, on the desk of its tab. */
export class Counter implements Inside {
  readonly plugins: Plugins;
  readonly emitter: Emitter<Events>;
  readonly failFast: boolean;
  readonly limits: Limits;
  declare _devices?: Devices;
  readonly #parts: CounterParts;
  #deliveries: Deliveries | null = null;
  #desk: Desk | null = null;
  /** Why nothing more can be asked. */
  over: unknown = null;

  constructor(parts: CounterParts) {
    this.#parts = parts;
    this.plugins = parts.plugins;
    this.emitter = parts.emitter;
    this.failFast = parts.failFast;
    this.limits = parts.limits;
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

  conversation(id: string): Conversation {
    return this.#parts.conversation(id);
  }

  now(): number {
    return this.#parts.clock.now();
  }

  wall(): number {
    return this.#parts.clock.wall();
  }

  fault(code: string, message: string): unknown {
    return errorOf({ code, message, where: "link" });
  }

  pause(ms: number): Promise<void> {
    return new Promise((go) => void this._after(ms, go));
  }

  _after(ms: number, call: () => void): () => void {
    return this.#parts.clock.after(ms, call);
  }

  ask<O extends Op>(op: O, fields: Fields<O>): Promise<AnswerTo<O>> {
    return this.#answered(this.#ask({ op, ...snake(fields) }));
  }

  _askNow<O extends Op>(op: O, fields: Fields<O>, ms?: number): Promise<AnswerTo<O>> {
    return this.#answered(this.askedNow({ op, ...snake(fields) }, ms));
  }

  async place(fields: Fields<"send">): Promise<Extract<AnswerTo<"send">, { readonly kind: "placed" }>> {
    if (this.failFast) this.#mustBeLive();
    try {
      const answer = camel(await this.desk.place({ op: "send", ...snake(fields) } as WireCommand & { op: "send"; key: string })) as unknown as AnswerTo<"send">;
      if (answer.kind !== "placed") throw new ProtocolFault(`answered with ${answer.kind}`);
      // The message comes by first: its handlers have it before its sender goes on.
      await this.#parts.told();
      return answer;
    } catch (fault) {
      throw errorOf(fault);
    }
  }

  async _noteDelivered(conversation: string, seq: number): Promise<void> {
    const { Deliveries } = await more();
    (this.#deliveries ??= new Deliveries(this)).note(conversation, seq);
  }

  /** Asks as the client is to: now, or again after a loss. */
  async asked(command: WireCommand): Promise<WireAnswer> {
    return this.failFast ? this.askedNow(command) : this.desk.request(command, this.limits.requestS * 1000);
  }

  /** Asks if there is a connection now. */
  async askedNow(command: WireCommand, ms = this.limits.requestS * 1000): Promise<WireAnswer> {
    this.#mustBeLive();
    return this.desk.requestNow(command, ms).catch(raise);
  }

  async #ask(command: WireCommand): Promise<WireAnswer> {
    const { grants } = this.#parts;
    return grants ? (await more()).askGranted(this, grants, command) : this.asked(command);
  }

  #mustBeLive(): void {
    if (this.desk.state !== "live") throw new LinkDown();
  }

  async #answered<O extends Op>(work: Promise<WireAnswer>): Promise<AnswerTo<O>> {
    return camel(await work.catch(raise)) as unknown as AnswerTo<O>;
  }
}
