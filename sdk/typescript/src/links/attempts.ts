/** Requests of long polling that are repeated, unchanged, until they are answered: docs/protocol/longpoll.md, section 6. */

import type { Clock, Stop } from "../core/ports.ts";
import { Stopper } from "../core/stopper.ts";

/** For how long a request without an answer is repeated. */
const PATIENCE_MS = 10_000;
const FIRST_PAUSE_MS = 100;

/** Sends a text by HTTP POST; rejected where there is no answer, or when it is stopped. */
export type Post = (url: string, body: string, stop: Stop | null) => Promise<{ readonly status: number; readonly body: string }>;

type Told = { readonly [field: string]: unknown };

/** Reads the object of an answer; null for what is none, as proxies send it. */
export function readBody(body: string): Told | null {
  try {
    const told: unknown = JSON.parse(body);
    return typeof told === "object" && told !== null ? (told as Told) : null;
  } catch {
    return null;
  }
}

/** The requests of one connection. */
export class Attempts {
  private readonly _post: Post;
  private readonly _clock: Clock;
  private readonly _lost: (reason: string) => void;
  private readonly _stops = new Set<Stopper>();
  private _isOver = false;

  /** `lost` is told when the connection is lost. */
  constructor(post: Post, clock: Clock, lost: (reason: string) => void) {
    this._post = post;
    this._clock = clock;
    this._lost = lost;
  }

  /** Ends what is under way. */
  stop(): void {
    this._isOver = true;
    for (const stop of this._stops) stop.stop();
  }

  /** Asks until there is an answer, by a body that means the same each time; null when the connection is over. `cut` is called when an attempt had none. */
  async ask(url: string, body: () => string, limitMs: number, cut: () => void = () => undefined): Promise<Told | null> {
    for (let pauseMs = FIRST_PAUSE_MS, failedAt: number | null = null; !this._isOver; pauseMs *= 2) {
      const answer = await this._try(url, body(), limitMs);
      if (this._isOver) return null;
      if (answer !== null && "done" in answer) return answer.done;
      if (answer === null) cut();
      failedAt ??= this._clock.now();
      if (this._clock.now() - failedAt >= PATIENCE_MS) this._fail("the server does not answer");
      else if (answer?.isFinal === true) this._fail(answer.reason);
      else await this._pause(Math.max(pauseMs, answer?.afterMs ?? 0));
    }
    return null;
  }

  private _fail(reason: string): void {
    this.stop();
    this._lost(reason);
  }

  private _pause(ms: number): Promise<void> {
    return new Promise((go) => this._clock.after(ms, go));
  }

  /** Null: no answer, or one of somebody else. */
  private async _try(url: string, body: string, limitMs: number): Promise<{ readonly done: Told } | { readonly isFinal: boolean; readonly reason: string; readonly afterMs: number } | null> {
    const stop = new Stopper();
    this._stops.add(stop);
    const cancel = this._clock.after(limitMs, () => stop.stop());
    try {
      const answer = await this._post(url, body, stop);
      const told = readBody(answer.body);
      if (answer.status === 200 && told !== null) return { done: told };
      if (typeof told?.["code"] !== "string") return null;
      const numbers = told["numbers"] as { readonly [name: string]: unknown } | undefined;
      return { isFinal: told["retryable"] !== true, reason: told["code"], afterMs: Number(numbers?.["retry_after_ms"] ?? 0) };
    } catch {
      return null;
    } finally {
      cancel();
      this._stops.delete(stop);
    }
  }
}
