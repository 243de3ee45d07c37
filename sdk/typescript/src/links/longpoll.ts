/** A connection by requests that wait, where proxies let no WebSocket through: docs/protocol/longpoll.md. */

import type { Clock, Dial, Wire, WireEvents } from "../core/ports.ts";
import { SENT_BYTES, bytesOf } from "../wire/codec.ts";
import { NotLetIn, ofRefusal } from "../wire/loss.ts";
import { Attempts, readBody } from "./attempts.ts";
import type { Post } from "./attempts.ts";

/** Frames of a batch. */
const FRAMES = 256;
/** Poll answers that a proxy cut before this are no word on how long it lets them take. */
const SHORT_MS = 2_000;
/** For a poll longer than it is to wait. */
const GRACE_MS = 10_000;
/** For any other request. */
const REQUEST_MS = 10_000;

interface Batch {
  readonly batch: number;
  readonly frames?: readonly unknown[];
  readonly close?: { readonly code: number; readonly reason: string };
}

/** Gives a `Dial` by long polling. `url` is `wss://…` or `ws://…`, without the path: the polls go to the same host by HTTP. */
export function byLongPoll(post: Post, clock: Clock): Dial {
  return async (url, events, stop) => {
    const base = `${url.replace(/\/+$/, "").replace(/^ws/, "http")}/v1/poll/`;
    const { status, body } = await post(`${base}open`, "{}", stop);
    const told = readBody(body);
    if (status === 200 && typeof told?.["connection"] === "string") return new Polled({ base, post, clock, events, connection: told["connection"], waitMs: Number(told["wait_s"]) * 1000 });
    if (typeof told?.["code"] !== "string") throw new Error(`no server of ours at ${base} (${status})`);
    const numbers = told["numbers"] as { readonly [name: string]: number } | undefined;
    throw new NotLetIn(ofRefusal({ is: "error", re: 0, code: told["code"], message: String(told["message"]), retry_after_ms: numbers?.["retry_after_ms"] }));
  };
}

interface Parts {
  readonly base: string;
  readonly post: Post;
  readonly clock: Clock;
  readonly events: WireEvents;
  readonly connection: string;
  readonly waitMs: number;
}

/** A connection that was opened. */
class Polled implements Wire {
  private readonly _parts: Parts;
  private readonly _attempts: Attempts;
  private readonly _queue: string[] = [];
  private _waitMs: number;
  private _after = 0;
  private _sent = 0;
  private _bytes = 0;
  private _isSending = false;
  private _isOver = false;

  constructor(parts: Parts) {
    this._parts = parts;
    this._waitMs = parts.waitMs;
    this._attempts = new Attempts(parts.post, parts.clock, (reason) => this._end(1006, reason));
    // Nothing is told before whoever opened it knows of it.
    void Promise.resolve().then(() => this._poll());
  }

  get buffered(): number {
    return this._bytes;
  }

  send(frame: string | Uint8Array): void {
    if (this._isOver) return;
    this._queue.push(String(frame));
    this._bytes += String(frame).length;
    // With what is said in the same turn.
    if (!this._isSending) void Promise.resolve().then(() => this._send());
  }

  close(): void {
    if (this._isOver) return;
    this._isOver = true;
    this._attempts.stop();
    // Nobody waits for the answer.
    this._parts.post(`${this._parts.base}close`, this._body({}), null).catch(() => undefined);
  }

  private async _send(): Promise<void> {
    if (this._isSending) return;
    this._isSending = true;
    while (!this._isOver && this._queue.length > 0) {
      const batch = ++this._sent;
      const body = this._body({ batch }, this._nextFrames());
      const told = await this._attempts.ask(`${this._parts.base}send`, () => body, REQUEST_MS);
      if (told === null) break;
    }
    this._isSending = false;
  }

  /** Takes as many frames as fit into a batch; one always does. */
  private _nextFrames(): readonly string[] {
    let bytes = 0;
    const tooMany = this._queue.findIndex((frame, at) => {
      bytes += bytesOf(frame) + 1;
      return at > 0 && (at >= FRAMES || bytes > SENT_BYTES);
    });
    const frames = this._queue.splice(0, tooMany < 0 ? this._queue.length : tooMany);
    for (const frame of frames) this._bytes -= frame.length;
    return frames;
  }

  private async _poll(): Promise<void> {
    const { base, clock, waitMs } = this._parts;
    while (!this._isOver) {
      let begun = clock.now();
      const body = (): string => {
        begun = clock.now();
        return this._body({ after: this._after, ...(this._waitMs < waitMs && { wait_s: this._waitMs / 1000 }) });
      };
      const cut = (): void => this._wasCut(clock.now() - begun);
      const told = await this._attempts.ask(`${base}poll`, body, this._waitMs + GRACE_MS, cut);
      if (told === null) return;
      this._take(told as unknown as Batch);
    }
  }

  /** Something on the way is less patient than the server: from now on an answer takes no longer than it bears. */
  private _wasCut(afterMs: number): void {
    if (afterMs >= SHORT_MS) this._waitMs = Math.min(this._waitMs, Math.max(SHORT_MS / 2, afterMs * 0.8));
  }

  private _take({ batch, frames = [], close }: Batch): void {
    if (this._isOver) return;
    if (batch === this._after + 1) {
      this._after = batch;
      for (const frame of frames) if (!this._isOver) this._parts.events.frame(JSON.stringify(frame));
    }
    if (close !== undefined) this._end(close.code, close.reason);
  }

  private _end(code: number, reason: string): void {
    if (this._isOver) return;
    this._isOver = true;
    this._attempts.stop();
    this._parts.events.closed(code, reason);
  }

  private _body(fields: { readonly [name: string]: unknown }, frames: readonly string[] | null = null): string {
    const rest = JSON.stringify({ connection: this._parts.connection, ...fields });
    return frames === null ? rest : `${rest.slice(0, -1)},"frames":[${frames.join(",")}]}`;
  }
}
