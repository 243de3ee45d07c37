/** One connection: requests and their answers, what is pushed, signs of life, one reason to end. */

import { Garbled, SENT_BYTES, bytesOf, decode, frameOf } from "../wire/codec.ts";
import { broken, ofBye, ofClose } from "../wire/loss.ts";
import type { Loss } from "../wire/loss.ts";
import type { Answer, Answers, Command, Delivery, Passing, Refusal, ServerFrame } from "../wire/types.ts";
import type { Clock, Wire, WireEvents } from "./ports.ts";

/** Requests under way on one link; more wait. */
const REQUESTS = 64;
/** For the answer to a sign of life; then the link counts as dead. */
const PONG_MS = 10_000;
/** Share of the heartbeat after which a silent client speaks: a sign of life that is on its way counts for nothing. */
const QUIET_SHARE = 0.8;

/** What a link gives for a request: the server's answer or its refusal, or why there is neither. */
export type Said<A extends Answer = Answer> = { readonly answer: A } | { readonly refusal: Refusal } | { readonly loss: Loss };

/** Who hears of a link. */
export interface LinkEvents {
  facts(delivery: Delivery): void;
  event(event: Passing): void;
  checkpoint(checkpoint: number): void;
  /** Told once, after every request was told of its loss. */
  lost(loss: Loss): void;
}

interface Waiting {
  /** The command as it is written. */
  readonly body: string;
  readonly done: (said: Said) => void;
}

/** A connection that is being opened or is open. */
export class Link implements WireEvents {
  /** Why it ended; null while it lasts. */
  loss: Loss | null = null;

  private readonly _clock: Clock;
  private readonly _events: LinkEvents;
  private readonly _asked = new Map<number, Waiting>();
  private readonly _queue: Waiting[] = [];
  private _wire: Wire | null = null;
  private _lastId = 0;
  private _expected: Loss | null = null;
  private _spokeAt = 0;
  private _heardAt = 0;
  private _cancel: () => void = () => undefined;

  constructor(clock: Clock, events: LinkEvents) {
    this._clock = clock;
    this._events = events;
  }

  /** The connection is there: requests go out from now on. */
  open(wire: Wire): void {
    if (this.loss !== null) return wire.close();
    this._wire = wire;
    this._heardAt = this._clock.now();
    this._flush();
  }

  /** Asks. Never rejects: a link that ends gives its loss. */
  request<C extends Command>(command: C): Promise<Said<Answers[C["op"]]>> {
    return new Promise((done) => {
      if (this.loss !== null) return done({ loss: this.loss });
      const body = JSON.stringify(command);
      const refused = tooLarge(body);
      if (refused !== null) return done({ refusal: refused });
      this._queue.push({ body, done: done as (said: Said) => void });
      this._flush();
    });
  }

  /** Speaks often enough, and ends the link when nobody answers. */
  keepAlive(heartbeatS: number): void {
    const quietMs = Math.max(1, Math.min(heartbeatS, 300) * QUIET_SHARE) * 1000;
    const silentMs = this._clock.now() - Math.min(this._spokeAt, this._heardAt);
    if (this.loss !== null) return;
    this._cancel = this._clock.after(Math.max(quietMs - silentMs, 0), () => {
      const isQuiet = this._clock.now() - Math.min(this._spokeAt, this._heardAt) >= quietMs;
      if (isQuiet) void this._ping().then(() => this.keepAlive(heartbeatS));
      else this.keepAlive(heartbeatS);
    });
  }

  /** The server is about to end the link for this reason; its last frame may say more. */
  expect(loss: Loss): void {
    this._expected ??= loss;
  }

  /** Ends the link at once, for a reason. */
  end(loss: Loss): void {
    if (this.loss !== null) return;
    this.loss = loss;
    this._cancel();
    this._wire?.close();
    for (const { done } of [...this._asked.values(), ...this._queue.splice(0)]) done({ loss });
    this._asked.clear();
    this._events.lost(loss);
  }

  // ------------------------------------------------------------ what comes

  frame(text: string | Uint8Array): void {
    if (this.loss !== null) return;
    this._heardAt = this._clock.now();
    let read: ServerFrame | null;
    try {
      read = decode(text);
    } catch (problem) {
      if (!(problem instanceof Garbled)) throw problem;
      return this.end({ code: "protocol", message: `the server sent something else: ${problem.message}`, advice: "later" });
    }
    if (read !== null) this._take(read);
  }

  closed(code: number, reason: string): void {
    this.end(this._expected ?? ofClose(code, reason));
  }

  private _take(frame: ServerFrame): void {
    switch (frame.is) {
      case "facts":
        return this._events.facts(frame);
      case "event":
        return this._events.event(frame.event);
      case "reply":
        return this._answered(frame.re, { answer: frame.answer });
      case "error":
        return this._answered(frame.re, { refusal: frame });
      case "bye":
        return this._bye(ofBye(frame));
      default:
        frame satisfies never;
    }
  }

  private _bye(said: Loss): void {
    const known = this._expected;
    // The refusal of a greeting may have said numbers, too.
    this._expected = known?.code === said.code ? { ...known, ...said, retryAfterMs: said.retryAfterMs ?? known.retryAfterMs } : said;
  }

  private _answered(re: number, said: Said): void {
    const waiting = this._asked.get(re);
    this._asked.delete(re);
    waiting?.done(said);
    this._flush();
  }

  private _flush(): void {
    while (this._wire !== null && this._asked.size < REQUESTS) {
      const next = this._queue.shift();
      if (next === undefined) return;
      this._asked.set(++this._lastId, next);
      this._spokeAt = this._clock.now();
      this._wire.send(frameOf(this._lastId, next.body));
    }
  }

  private async _ping(): Promise<void> {
    const cancel = this._clock.after(PONG_MS, () => this.end(broken("the server does not answer")));
    const said = await this.request({ op: "ping" });
    cancel();
    if ("answer" in said) this._events.checkpoint(said.answer.checkpoint);
  }
}

/** The server would end the connection, and with it all that is under way. */
function tooLarge(body: string): Refusal | null {
  const bytes = bytesOf(frameOf(Number.MAX_SAFE_INTEGER, body));
  if (bytes <= SENT_BYTES) return null;
  return { is: "error", re: 0, code: "too_large", message: `larger than ${SENT_BYTES} bytes: ${bytes}`, numbers: { limit_bytes: SENT_BYTES, bytes } };
}
