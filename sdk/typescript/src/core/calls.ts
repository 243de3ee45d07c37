/** What a tab has asked and was not answered yet, in order. */

import { Faulted, local } from "./faulted.ts";
import type { Command, Fault, FromTab } from "./messages.ts";
import type { Clock } from "./ports.ts";

/** Commands that wait for their answers. */
const WAITING = 1000;

/** Whatever has an answer. */
export type Asking = Extract<FromTab, { readonly n: number }>;
/** Without its number. */
export type Question = Asking extends infer One ? (One extends Asking ? Omit<One, "n" | "is"> & { readonly is: One["is"] } : never) : never;

interface Call {
  readonly asking: Asking;
  /** Nobody waits for longer, by the clock. */
  readonly until: number;
  readonly off: (() => void) | false;
  /** The fence of the holder that has it; 0: none. */
  heard: number;
  readonly resolve: (answer: unknown) => void;
  readonly reject: (problem: Faulted) => void;
}

/** The questions of one tab, by number. */
export class Calls {
  private readonly _open = new Map<number, Call>();
  private readonly _clock: Clock;
  private readonly _post: (message: FromTab) => void;
  private _last = 0;

  constructor(clock: Clock, post: (message: FromTab) => void) {
    this._clock = clock;
    this._post = post;
  }

  /** Asks the holder whose fence is `heard`, 0 for none yet, and keeps the question until it is answered: so many milliseconds and no longer. */
  ask(question: Question, heard: number, ms = Infinity): Promise<unknown> {
    const n = ++this._last;
    const asking = { ...question, n } as Asking;
    return new Promise((resolve, reject) => {
      if (asking.is === "command" && this._open.size >= WAITING) return reject(local(asking.how === "queue" ? "outbox_full" : "link_down", "too many wait", true));
      const off = ms < Infinity && this._clock.after(ms, () => {
        this.fail(n, { code: "timed_out", message: "no answer in time", retryable: true, where: "holder" });
        this._post({ is: "cancel", n });
      });
      this._open.set(n, { asking, until: this._clock.now() + ms, off, heard, resolve, reject });
      // A command may go ahead of the welcome: the holder knows this tab by the hello before it.
      if (heard || asking.is === "command") this._post(asking);
    });
  }

  /** The commands that a hello repeats: all but those that were for one link only, and those whose time was up while the page slept. */
  get unanswered(): readonly Command[] {
    const now = this._clock.now();
    return [...this._open.values()].flatMap(({ asking, until }) => (asking.is === "command" && asking.how !== "now" && until > now ? [asking] : []));
  }

  /** Asks this holder, too, what was asked of another one besides. */
  move(fence: number): void {
    for (const call of this._open.values()) {
      if (call.asking.is === "command" || call.heard === fence) continue;
      call.heard = fence;
      this._post(call.asking);
    }
  }

  answer(n: number, answer: unknown): void {
    this._take(n)?.resolve(answer);
  }

  fail(n: number, fault: Fault): void {
    this._take(n)?.reject(new Faulted(fault));
  }

  find(n: number): Asking | undefined {
    return this._open.get(n)?.asking;
  }

  /** The holder is gone: what it was asked and must not be asked twice fails, all else waits for the next. */
  lose(): void {
    for (const [n, call] of this._open) {
      if (call.heard && !isRepeatable(call.asking)) this._take(n)?.reject(local("holder_lost", "the holder is gone", true));
      call.heard = 0;
    }
  }

  /**
   * The end: nothing will be answered any more. Where the session `isOver`, for whatever reason, a plain sign-out is done, and this says
   * that there was one; only an answer tells that all sessions of the user are over.
   */
  end(problem: Faulted, isOver: boolean): boolean {
    let isAsked = false;
    for (const [n, { asking, resolve, reject }] of this._open) {
      this._take(n);
      if (isOver && asking.is === "sign-out" && !asking.everywhere) resolve((isAsked = true));
      else reject(problem);
    }
    return isAsked;
  }

  private _take(n: number): Call | undefined {
    const call = this._open.get(n);
    if (call?.off) call.off();
    this._open.delete(n);
    return call;
  }
}

/** A write that names the revision it expects would meet itself there. */
function isRepeatable(asking: Asking): boolean {
  if (asking.is === "command") return asking.how !== "now";
  return asking.is !== "object" || asking.expect === undefined;
}
